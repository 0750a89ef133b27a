#include "report/run_charts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/testing/written_log.h"

namespace cllm::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RunChartsTest : public testing::Test {
 protected:
  RunChartsTest() {
    log_.Start("run_start", 0, 1000);
    for (uint64_t step = 1; step <= 40; ++step) {
      log_.Step(step, 5, 1000 + static_cast<double>(step));
      if (step % 10 == 0) log_.Evaluation(step, 4);
    }
    log_.Evaluation(41, 3.9, true).Start("resume", 20).Step(21, 4, 2000);
    log_.Event("spheres", 21, R"("busy_s":[2.0,1.0],"waiting_s":[0.5,1.5],"accumulation_s":[0.1,0.1],"items":[20,10])");
    run_.emplace(*ReadReportedRun(log_.Write(), {}, 0));
  }
  static std::vector<std::string> Names(const Chart& chart) {
    std::vector<std::string> names;
    for (const ChartLine& line : chart.lines) names.push_back(line.name);
    return names;
  }
  WrittenLog log_;
  std::optional<ReportedRun> run_;
};

TEST_F(RunChartsTest, EveryChart_HasValuesOfALog) {
  for (const ChartKind& kind : ChartKinds()) {
    if (kind.name == "exchange") continue;  // of several ranks alone
    const Result<Chart> chart = ChartOf(kind.name, {&*run_}, {});
    ASSERT_TRUE(chart.ok()) << kind.name;
    EXPECT_TRUE(HasValues(*chart)) << kind.name;
    EXPECT_THAT(chart->sessions, ElementsAre(20)) << "the first session is the run's beginning";
  }
}

TEST_F(RunChartsTest, Exchange_IsOfSeveralRanks) {
  EXPECT_FALSE(HasValues(*ChartOf("exchange", {&*run_}, {})));
  WrittenLog log;
  log.Start().Line(R"({"step":1,"reduce_s":0.3,"messages_s":0.25,"peers_s":0.125})");
  const ReportedRun run = *ReadReportedRun(log.Write(), {}, 0);
  const Chart exchange = *ChartOf("exchange", {&run}, {});
  ASSERT_THAT(Names(exchange), ElementsAre("messages", "others' items"));
  EXPECT_THAT(exchange.lines[0].values.last, ElementsAre(0.25));
  EXPECT_THAT(exchange.lines[1].values.last, ElementsAre(0.125));
}

TEST_F(RunChartsTest, Loss_HasTrainingAndValidation) {
  EXPECT_THAT(Names(*ChartOf("loss", {&*run_}, {})), ElementsAre("training", "validation, a sample of it"));
  WrittenLog log;
  log.Start().Step(1, 5).Evaluation(1, 4).Evaluation(2, 3, true);
  const ReportedRun run = *ReadReportedRun(log.Write(), {}, 0);
  const Chart loss = *ChartOf("loss", {&run}, {});
  EXPECT_THAT(Names(loss), ElementsAre("training", "validation, a sample of it", "the whole validation part"));
  EXPECT_THAT(loss.lines[2].values.last, ElementsAre(3));
}

TEST_F(RunChartsTest, TrainingInBitsPerByte_IsByWhatAnEvaluationSays) {
  const Chart bits = *ChartOf("bits", {&*run_}, {});
  ASSERT_THAT(Names(bits), ElementsAre("training", "validation, a sample of it"));
  EXPECT_DOUBLE_EQ(bits.lines[0].values.last.front(), 5.0 / 2);
}

TEST_F(RunChartsTest, SeveralRuns_AreALineEach) {
  WrittenLog other;
  other.Start().Step(1, 5).Evaluation(1, 4);
  ReportedRun second = *ReadReportedRun(other.Write(), {}, 0);
  second.name = "second";
  EXPECT_THAT(Names(*ChartOf("training", {&*run_, &second}, {})), ElementsAre(run_->name, "second"));
  EXPECT_EQ(ChartOf("parts", {&*run_, &second}, {}).status().code(), Code::kUsage);
}

TEST_F(RunChartsTest, UnknownChart_IsRefusedWithThoseThatThereAre) {
  EXPECT_THAT(ChartOf("los", {&*run_}, {}).status().message(),
              HasSubstr("'los' is no chart, expected one of loss, bits, "));
}

TEST_F(RunChartsTest, EveryAxis_HasPlaces) {
  for (const Axis axis : {Axis::kStep, Axis::kTokens, Axis::kSeconds, Axis::kTime}) {
    for (const bool logarithmic : {false, true}) {
      const Chart chart = *ChartOf("loss", {&*run_}, {.axis = axis, .log_x = logarithmic, .log_y = logarithmic});
      EXPECT_EQ(chart.lines.front().values.total, 21u) << NameOf(axis);
      EXPECT_THAT(DrawChart(chart, ChartPlace::kInPage), HasSubstr("</svg>"));
    }
  }
}

TEST_F(RunChartsTest, Bars_SayWhereTimeWent) {
  EXPECT_THAT(TimeBars(*run_), testing::AllOf(HasSubstr("items (forward and backward): 1.7s"),
                                              HasSubstr("evaluations, samples, saves")));
  EXPECT_THAT(SphereBars(*run_), testing::AllOf(HasSubstr("worker 1"), HasSubstr("waiting 1.5s, 60.0 %")));
  WrittenLog nothing;
  const ReportedRun empty = *ReadReportedRun(nothing.Start().Write(), {}, 0);
  EXPECT_THAT(TimeBars(empty), IsEmpty());
  EXPECT_THAT(SphereBars(empty), IsEmpty());
}

}  // namespace
}  // namespace cllm::report
