#include "history/history_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "history/run_history.h"
#include "history/testing/written_log.h"

namespace cllm {
namespace {

using testing::ElementsAre;

class HistoryIndexTest : public testing::Test {
 protected:
  HistoryIndexTest() {
    log_.Start("run_start", 0, 1000);
    for (uint64_t step = 1; step <= 40; ++step) {
      log_.Step(step, 100.0 / static_cast<double>(step), 1000 + static_cast<double>(step));
      if (step % 10 == 0) log_.Evaluation(step, 5).Event("sample", step, R"("text":"once")");
      if (step % 10 == 0) log_.Event("spheres", step, R"("busy_s":[1.5])");
    }
    log_.Line("foreign").Event("run_end", 40, R"("best_step":40)");
    log_.Write();
  }
  RunHistory Read() { return *ReadRunHistory(log_.path(), options_); }
  std::string Index() const { return IndexPath(options_.cache, log_.path()); }

  // All that a history tells, as text.
  static std::string AllOf(const RunHistory& history) {
    std::string all;
    for (const std::string& name : history.names()) {
      for (const Axis axis : {Axis::kStep, Axis::kTokens, Axis::kSeconds, Axis::kTime}) {
        const Envelope curve = history.Curve(name, axis);
        all += fmt::format("{} {} {}\n", name, fmt::join(curve.x, " "), fmt::join(curve.last, " "));
      }
    }
    for (const HistoryEvent& event : history.events()) {
      all += fmt::format("{} {} {} {}\n", NameOf(event.kind), event.step, event.time, history.Text(event));
    }
    all += fmt::format("{} {} {} {}", fmt::join(history.Sessions(Axis::kStep), " "), history.End().has_value(),
                       history.Spheres().has_value(), history.faults().foreign_lines);
    return all + WriteJson(history.description());
  }

  WrittenLog log_;
  HistoryOptions options_{.cache = log_.directory() / "cache", .index_from_bytes = 1000};
};

TEST_F(HistoryIndexTest, WithIt_AllIsAsWithout) {
  const std::string without = AllOf(*ReadRunHistory(log_.path()));
  EXPECT_EQ(AllOf(Read()), without);
  ASSERT_TRUE(PathExists(Index()));
  const RunHistory indexed = *RunHistory::Open(log_.path(), options_);
  EXPECT_TRUE(indexed.at_end());
  EXPECT_EQ(AllOf(indexed), without);
}

TEST_F(HistoryIndexTest, LogThatGrew_IsReadFromThereOn) {
  Read();
  log_.Start("resume", 35).Step(36, 7).Evaluation(36, 6).Append();
  RunHistory indexed = *RunHistory::Open(log_.path(), options_);
  EXPECT_FALSE(indexed.at_end());
  EXPECT_EQ(indexed.steps(), 40u);
  indexed.ReadMore();
  EXPECT_EQ(AllOf(indexed), AllOf(*ReadRunHistory(log_.path())));
  EXPECT_EQ(indexed.steps(), 36u);
}

TEST_F(HistoryIndexTest, IsWrittenAnew_WhenTheLogHasGrownMuch) {
  Read();
  const auto written = std::filesystem::file_size(Index());
  log_.Step(41, 1).Append();
  Read();
  EXPECT_EQ(std::filesystem::file_size(Index()), written);
  for (uint64_t step = 42; step <= 80; ++step) log_.Step(step, 1);
  log_.Append();
  Read();
  EXPECT_GT(std::filesystem::file_size(Index()), written);
  EXPECT_EQ(RunHistory::Open(log_.path(), options_)->steps(), 80u);
}

TEST_F(HistoryIndexTest, AnotherLogUnderTheName_HasNone) {
  Read();
  std::string other = log_.text();
  other[other.size() / 2] = 'x';
  WriteText(log_.path(), other);
  EXPECT_EQ(RunHistory::Open(log_.path(), options_)->steps(), 0u);
  WriteText(log_.path(), log_.text().substr(0, log_.text().size() - 200));
  EXPECT_EQ(RunHistory::Open(log_.path(), options_)->steps(), 0u);
}

TEST_F(HistoryIndexTest, SmallLog_HasNone_NorHasOneWithoutACache) {
  options_.index_from_bytes = 1'000'000;
  Read();
  EXPECT_FALSE(PathExists(options_.cache));
  ASSERT_TRUE(ReadRunHistory(log_.path(), {.cache = "", .index_from_bytes = 1}).ok());
}

TEST_F(HistoryIndexTest, CutAtAnyByte_IsNone) {
  Read();
  const std::string whole = ReadText(Index());
  for (size_t bytes = 0; bytes < whole.size(); bytes += 61) {
    WriteText(Index(), whole.substr(0, bytes));
    EXPECT_EQ(RunHistory::Open(log_.path(), options_)->steps(), 0u) << bytes;
  }
  WriteText(Index(), whole + "x");
  EXPECT_EQ(RunHistory::Open(log_.path(), options_)->steps(), 0u);
}

// Before the columns a hash finds it; in them a number is another one, and nothing worse.
TEST_F(HistoryIndexTest, FlippedBits_AreFound_OrAreANumber) {
  Read();
  const std::string whole = ReadText(Index());
  const size_t columns = whole.size() - 40 * 8 * 18;
  size_t found = 0;
  for (size_t at = 0; at < whole.size(); at += 37) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    WriteText(Index(), damaged);
    const RunHistory history = *RunHistory::Open(log_.path(), options_);
    found += history.steps() == 0;
    AllOf(history);
    EXPECT_TRUE(at >= columns / 4 || history.steps() == 0) << at;
  }
  EXPECT_GT(found, 3u);
}

TEST_F(HistoryIndexTest, CacheThatCannotBeWritten_IsDoneWithout) {
  options_.cache = log_.path() + "/file/is/no/directory";
  EXPECT_EQ(Read().steps(), 40u);
}

}  // namespace
}  // namespace cllm
