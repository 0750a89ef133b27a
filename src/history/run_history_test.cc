#include "history/run_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "base/testing/source_directory.h"
#include "history/number_table.h"
#include "history/testing/written_log.h"
#include "store/file_system.h"
#include "store/json_log.h"

namespace cllm {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;

RunHistory Read(const std::string& path) { return *ReadRunHistory(path); }

std::vector<double> Steps(const RunHistory& history, std::string_view name = "loss") {
  return history.Curve(name, Axis::kStep).x;
}

std::vector<std::string> Kinds(const RunHistory& history) {
  std::vector<std::string> kinds;
  for (const HistoryEvent& event : history.events()) kinds.emplace_back(NameOf(event.kind));
  return kinds;
}

TEST(RunHistory, Log_GivesCurvesEventsAndADescription) {
  WrittenLog log;
  log.Start().Step(1, 5).Step(2, 4).Evaluation(2, 3.5).Event("sample", 2, R"("text":"once\n<b>")");
  log.Event("checkpoint", 2, R"("seconds":0.5)").Event("run_end", 2, R"("best_step":2)");
  const RunHistory history = Read(log.Write());
  EXPECT_EQ(history.Described("vocabulary"), 256.0);
  EXPECT_EQ(history.DescribedText("processor"), "a <P>");
  EXPECT_EQ(history.Described("nothing"), std::nullopt);
  EXPECT_THAT(history.names(), ElementsAre("loss", "loss_token", "loss_root", "loss_form", "lr", "grad_norm", "tok_s",
                                           "peak_share", "items_s", "reduce_s", "update_s", "pack_s", "val_nats",
                                           "val_root", "val_form", "val_bits_per_byte", "best", "whole", "val_tokens"));
  const Envelope loss = history.Curve("loss", Axis::kTokens);
  EXPECT_THAT(loss.x, ElementsAre(100, 200));
  EXPECT_THAT(loss.last, ElementsAre(5, 4));
  const Envelope validation = history.Curve("val_nats", Axis::kTokens);
  EXPECT_THAT(validation.x, ElementsAre(200));
  EXPECT_THAT(validation.last, ElementsAre(3.5));
  EXPECT_TRUE(history.IsOfEvaluations("val_nats"));
  EXPECT_FALSE(history.IsOfEvaluations("loss"));
  EXPECT_THAT(Kinds(history), ElementsAre("run_start", "sample", "checkpoint", "run_end"));
  EXPECT_EQ(history.Text(history.events()[1]), "once\n<b>");
  EXPECT_EQ(*history.Record(history.events()[2])->Real("seconds"), 0.5);
  EXPECT_EQ(*history.End()->Unsigned("best_step"), 2u);
  EXPECT_EQ(history.faults().foreign_lines, 0u);
}

TEST(RunHistory, ResumeAndRollback_VoidWhatCameLater) {
  for (const char* kind : {"resume", "rollback", "run_start"}) {
    WrittenLog log;
    log.Start();
    for (uint64_t step = 1; step <= 6; ++step)
      log.Step(step, 10).Evaluation(step, 9).Event("sample", step, R"("text":"x")");
    log.Event("note", 6, R"("text":"a note stays")").Event(kind, 3).Step(4, 7);
    const RunHistory history = Read(log.Write());
    EXPECT_THAT(history.Curve("loss", Axis::kStep).last, ElementsAre(10, 10, 10, 7)) << kind;
    EXPECT_THAT(Steps(history, "val_nats"), ElementsAre(1, 2, 3));
    EXPECT_THAT(Kinds(history), ElementsAre("run_start", "sample", "sample", "sample", "note", kind));
  }
}

TEST(RunHistory, Sessions_AreMarkedOnEveryAxis) {
  WrittenLog log;
  log.Start("run_start", 0, 1000).Step(1, 5, 1001).Step(2, 4, 1002).Start("resume", 2, 2000).Step(3, 3, 2001);
  const RunHistory history = Read(log.Write());
  EXPECT_THAT(history.Sessions(Axis::kStep), ElementsAre(0, 2));
  EXPECT_THAT(history.Sessions(Axis::kTokens), ElementsAre(0, 200));
  EXPECT_THAT(history.Sessions(Axis::kTime), ElementsAre(1000, 2000));
  EXPECT_THAT(history.Sessions(Axis::kSeconds), ElementsAre(0, testing::DoubleNear(0.2, 1e-9)));
  EXPECT_THAT(history.Curve("loss", Axis::kTime).x, ElementsAre(1001, 1002, 2001));
}

// So that a reader of a chart is told all places of what is pointed at.
TEST(RunHistory, NamesOfAxes_AreCurvesOfTheirPlaces) {
  WrittenLog log;
  log.Start("run_start", 0, 1000).Step(1, 5, 1001).Step(2, 4, 1003);
  const RunHistory history = Read(log.Write());
  EXPECT_THAT(history.Curve("step", Axis::kTokens).x, ElementsAre(100, 200));
  EXPECT_THAT(history.Curve("step", Axis::kTokens).last, ElementsAre(1, 2));
  EXPECT_THAT(history.Curve("step", Axis::kStep, {.from = 2}).last, ElementsAre(2));
  EXPECT_THAT(history.Curve("tokens", Axis::kStep).last, ElementsAre(100, 200));
  EXPECT_THAT(history.Curve("time", Axis::kStep).last, ElementsAre(1001, 1003));
  EXPECT_THAT(history.Curve("seconds", Axis::kTime).x, ElementsAre(1001, 1003));
}

// Early versions dated nothing.
TEST(RunHistory, LogWithoutTimes_HasSecondsOfItsPhases_AndNoClock) {
  WrittenLog log;
  log.Start().Step(1, 5).Step(2, 4).Evaluation(2, 3);
  const RunHistory history = Read(log.Write());
  EXPECT_THAT(history.Curve("loss", Axis::kTime).x, IsEmpty());
  EXPECT_NEAR(history.Curve("loss", Axis::kSeconds).x.at(1), 0.2, 1e-9);
  EXPECT_NEAR(history.Curve("val_nats", Axis::kSeconds).x.at(0), 0.2, 1e-9);
  EXPECT_EQ(history.LastPlace(Axis::kTime), std::nullopt);
}

TEST(RunHistory, ClockPutBack_KeepsTheOrder) {
  WrittenLog log;
  log.Start().Step(1, 5, 1000).Step(2, 4, 900).Step(3, 3, 1100);
  EXPECT_THAT(Read(log.Write()).Curve("loss", Axis::kTime).x, ElementsAre(1000, 1000, 1100));
}

TEST(RunHistory, NotFinite_IsAMark) {
  WrittenLog log;
  log.Start().Step(1, 5).Line(R"({"step":2,"tokens":200,"loss":null,"grad_norm":null,"eta_s":null,"nan":true})");
  log.Line(R"({"step":3,"tokens":300,"loss":Infinity})").Line(R"({"step":4,"tokens":400,"loss":2,"eta_s":null})");
  const RunHistory history = Read(log.Write());
  const Envelope loss = history.Curve("loss", Axis::kStep);
  EXPECT_THAT(loss.last, ElementsAre(5, 2));
  ASSERT_EQ(loss.marks.size(), 2u);
  EXPECT_TRUE(std::isnan(loss.marks[0].value));
  EXPECT_EQ(loss.marks[1].value, INFINITY);
  EXPECT_THAT(history.Curve("eta_s", Axis::kStep).marks.size(), 1u);
}

TEST(RunHistory, AnyOrderAndTwice_TheLastOneCounts) {
  WrittenLog log;
  log.Start().Step(3, 30).Step(1, 10).Step(2, 20).Step(3, 31).Evaluation(3, 2).Evaluation(1, 1).Evaluation(3, 3);
  const RunHistory history = Read(log.Write());
  EXPECT_THAT(history.Curve("loss", Axis::kStep).last, ElementsAre(10, 20, 31));
  EXPECT_THAT(history.Curve("val_nats", Axis::kStep).last, ElementsAre(1, 3));
}

TEST(RunHistory, ForeignLines_ArePassedOverAndCounted) {
  WrittenLog log;
  log.Start().Line("not JSON").Step(1, 5).Line("[1,2]").Line("{}").Line(R"({"step":-1,"loss":1})");
  log.Line(R"({"step":1.5,"loss":1})").Line(R"({"step":1e300,"loss":1})").Line(R"({"step":"2","loss":1})");
  log.Line(R"({"step":2})").Line(R"({"event":"of tomorrow","step":2})").Line(std::string("\0\xff{", 3)).Line("");
  log.Line(R"({"event":"pace","step":1,"until":2,"fraction":0.5})").Step(2, 4).Line("\xef\xbb\xbf");
  const RunHistory history = Read(log.Write());
  EXPECT_THAT(Steps(history), ElementsAre(1, 2));
  EXPECT_EQ(history.faults().foreign_lines, 11u);
}

// Names of others, nested values, escapes: what can be shown is.
TEST(RunHistory, OtherRecords_AreReadAsFarAsUnderstood) {
  WrittenLog log;
  log.Line(R"({"event":"run_start","format":9,"step":0,"new":{"a":[1]}})");
  log.Line(R"({"step":1,"my\nloss":5,"more":{"b":1},"list":[1],"text":"x","@seconds":7})")
      .Line(R"( { "step" : 2 , "my loss" : 4 } )");
  const RunHistory history = Read(log.Write());
  EXPECT_EQ(history.faults().newest_format, 9u);
  EXPECT_THAT(history.names(), ElementsAre("my\nloss", "my loss"));
  EXPECT_EQ(history.Last("my loss"), 4);
}

TEST(RunHistory, MoreNamesThanHaveRoom_AreCounted) {
  WrittenLog log;
  log.Start();
  for (int i = 1; i <= 100; ++i) log.Line(fmt::format(R"({{"step":{},"name{}":1}})", i, i));
  const RunHistory history = Read(log.Write());
  EXPECT_EQ(history.steps(), 100u);
  EXPECT_EQ(history.names().size(), NumberTable::kMaxColumns - 4);
  EXPECT_EQ(history.faults().dropped_values, 100 - (NumberTable::kMaxColumns - 4));
}

TEST(RunHistory, EmptyLog_IsAHistoryOfNothing) {
  WrittenLog log;
  const RunHistory history = Read(log.Write());
  EXPECT_EQ(history.steps(), 0u);
  EXPECT_THAT(history.names(), IsEmpty());
  EXPECT_THAT(history.Curve("loss", Axis::kStep).x, IsEmpty());
  EXPECT_THAT(history.Sessions(Axis::kSeconds), IsEmpty());
  EXPECT_EQ(history.End().has_value(), false);
  EXPECT_EQ(ReadRunHistory(log.directory() / "nothing").status().code(), Code::kBadInput);
}

TEST(RunHistory, GrowingLog_IsFollowed_LineByLine) {
  WrittenLog log;
  RunHistory history = *RunHistory::Open(log.Start().Write());
  std::vector<std::string> told;
  const auto follow = [&] {
    return history.ReadMore(0, [&told](std::string_view line) { told.emplace_back(line.substr(0, 10)); });
  };
  EXPECT_EQ(follow(), Growth::kMore);
  EXPECT_EQ(follow(), Growth::kNone);
  log.Step(1, 5).Line("foreign").Step(2, 4).Append();
  EXPECT_EQ(follow(), Growth::kMore);
  EXPECT_THAT(told, ElementsAre("{\"event\":\"", "{\"step\":1,", "{\"step\":2,"));
  EXPECT_THAT(Steps(history), ElementsAre(1, 2));
  EXPECT_TRUE(history.at_end());
}

// A resume of the program replaces the log by one without the later records.
TEST(RunHistory, LogThatIsCutByAResume_IsReadAnew) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 9; ++step) log.Step(step, 5);
  RunHistory history = Read(log.Write());
  PosixFileSystem files;
  ASSERT_TRUE(TruncateLog(files, log.path(), 4).ok());
  EXPECT_EQ(history.ReadMore(), Growth::kAnew);
  EXPECT_THAT(Steps(history), ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(history.ReadMore(), Growth::kNone);
}

TEST(RunHistory, VanishedLog_StaysAsItWas_AndComesBack) {
  WrittenLog log;
  RunHistory history = Read(log.Start().Step(1, 5).Event("sample", 1, R"("text":"once")").Write());
  std::filesystem::remove(log.path());
  EXPECT_EQ(history.ReadMore(), Growth::kNone);
  EXPECT_TRUE(history.gone());
  EXPECT_THAT(Steps(history), ElementsAre(1));
  EXPECT_EQ(history.Text(history.events().back()), "once");
  log.Step(2, 4).Write();
  EXPECT_EQ(history.ReadMore(), Growth::kAnew);
  EXPECT_FALSE(history.gone());
  EXPECT_THAT(Steps(history), ElementsAre(1, 2));
}

TEST(RunHistory, LogThatIsTruncatedInItsPlace_LosesItsTextsOnly) {
  WrittenLog log;
  const RunHistory history = Read(log.Start().Step(1, 5).Event("sample", 1, R"("text":"once")").Write());
  WriteText(log.path(), "");
  EXPECT_EQ(history.Text(history.events().back()), "");
  EXPECT_FALSE(history.Record(history.events().back()).ok());
  EXPECT_THAT(Steps(history), ElementsAre(1));
}

// Every byte at which a log may end.
TEST(RunHistory, CutLog_IsReadUpToItsLastWholeLine) {
  WrittenLog log;
  log.Start().Step(1, 5).Evaluation(1, 4).Step(2, 4).Event("run_end", 2, R"("best_step":1)");
  const std::string text = log.text();
  for (size_t bytes = 0; bytes <= text.size(); bytes += 3) {
    const RunHistory history = Read(log.directory().Write("cut.jsonl", text.substr(0, bytes)));
    const auto lines = std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(bytes), '\n');
    EXPECT_EQ(history.steps() + history.evaluations() + history.events().size(), static_cast<size_t>(lines)) << bytes;
    EXPECT_EQ(history.faults().foreign_lines, 0u);
  }
}

TEST(RunHistory, RowsOfOneStep_AreOne) {
  WrittenLog log;
  log.Start().Evaluation(0, 9).Step(1, 5, 1000).Step(2, 4, 1001).Evaluation(2, 3, false, false, 1002).Evaluation(7, 2);
  const RunHistory history = Read(log.Write());
  std::vector<std::string> rows;
  history.ForEachRow({"loss", "val_nats"}, [&rows](uint64_t step, double time, const std::vector<double>& values) {
    rows.push_back(fmt::format("{} {} {} {}", step, time, IsMissing(values[0]) ? -1 : values[0],
                               IsMissing(values[1]) ? -1 : values[1]));
  });
  EXPECT_THAT(rows, ElementsAre("0 0 -1 9", "1 1000 5 -1", "2 1001 4 3", "7 0 -1 2"));
}

TEST(RunHistory, MeansAndNewest_AreOfTheValues) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 10; ++step) log.Step(step, static_cast<double>(step));
  const RunHistory history = Read(log.Write());
  EXPECT_EQ(history.Mean("loss", 4, 7), 6);
  EXPECT_EQ(history.Mean("loss", 10, 20), std::nullopt);
  EXPECT_EQ(history.Sum("loss"), 55);
  EXPECT_THAT(history.Newest("loss", 2), ElementsAre(testing::Pair(9, 9), testing::Pair(10, 10)));
}

TEST(RunHistory, NewestPart_OfALargeLog_HasItsDescription) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 2000; ++step) log.Step(step, 5);
  const RunHistory newest = *RunHistory::OpenNewest(log.Write(), 5000);
  EXPECT_FALSE(newest.whole());
  EXPECT_EQ(newest.Described("vocabulary"), 256);
  EXPECT_THAT(Steps(newest), Contains(2000));
  EXPECT_THAT(Steps(newest), Not(Contains(1000)));
  const RunHistory small = *RunHistory::OpenNewest(log.path(), uint64_t{1} << 30);
  EXPECT_TRUE(small.whole());
  EXPECT_EQ(small.steps(), 2000u);
}

TEST(RunHistory, LogOfAReleasedVersion_IsRead) {
  const RunHistory history = Read(SourceDirectory() + "/tests/released/0.1.0/run/log.jsonl");
  EXPECT_THAT(Steps(history), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(history.faults().foreign_lines, 0u);
  EXPECT_GT(history.Described("parameters").value_or(0), 0);
}

}  // namespace
}  // namespace cllm
