#include "history/run_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "history/testing/written_log.h"

namespace cllm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

RunFacts Of(WrittenLog& log, bool running = false, double later_s = 0) {
  const RunHistory history = *ReadRunHistory(log.Write());
  return FactsOf(history, history.changed() + later_s, running);
}

bool Alerts(const RunFacts& facts, const std::string& kind) {
  return std::any_of(facts.alerts.begin(), facts.alerts.end(),
                     [&kind](const RunAlert& alert) { return alert.kind == kind; });
}

// A training loss that falls from `from` to `to`, evaluated every tenth step by `validation` of the step.
template <typename Validation>
void Train(WrittenLog& log, uint64_t steps, double from, double to, const Validation& validation) {
  log.Start();
  for (uint64_t step = 1; step <= steps; ++step) {
    const double share = static_cast<double>(step) / static_cast<double>(steps);
    log.Step(step, from + (to - from) * share);
    if (step % 10 == 0) log.Evaluation(step, validation(static_cast<double>(step)));
  }
}

TEST(RunFacts, FallingValidation_IsLearning) {
  WrittenLog log;
  Train(log, 100, 6, 3, [](double step) { return 6 - 0.02 * step; });
  const RunFacts facts = Of(log);
  EXPECT_EQ(facts.learning, Learning::kLearning);
  EXPECT_THAT(facts.learning_text,
              StartsWith("yes: validation fell from 4.6000 to 4.0000 nats per token (13 %) in the last 30"));
  EXPECT_THAT(facts.memorising_text, StartsWith("no: validation is at its lowest, 4.0000"));
  EXPECT_EQ(facts.best->step, 100u);
  EXPECT_THAT(facts.alerts, IsEmpty());
}

TEST(RunFacts, ValidationThatStays_IsAPlateau) {
  WrittenLog log;
  Train(log, 200, 6, 5.9, [](double step) { return step < 100 ? 6 - 0.02 * step : 4; });
  const RunFacts facts = Of(log, true);
  EXPECT_EQ(facts.learning, Learning::kPlateau);
  EXPECT_THAT(facts.learning_text, HasSubstr("has not fallen in the last 60 steps"));
  EXPECT_TRUE(Alerts(facts, "plateau"));
}

TEST(RunFacts, RisingValidation_WhileTrainingFalls_IsMemorising) {
  WrittenLog log;
  Train(log, 100, 6, 1, [](double step) { return step <= 40 ? 6 - 0.05 * step : 4 + 0.01 * (step - 40); });
  const RunFacts facts = Of(log, true);
  EXPECT_EQ(facts.learning, Learning::kMemorising);
  EXPECT_THAT(facts.memorising_text, AllOf(StartsWith("yes: validation rose from 4.0000"), HasSubstr("step 40 ")));
  EXPECT_TRUE(Alerts(facts, "memorising"));
  EXPECT_EQ(facts.best->step, 40u);
}

// A rate that is too high makes both rise: that is something else.
TEST(RunFacts, RisingValidation_WhileTrainingRises_IsNot) {
  WrittenLog log;
  Train(log, 100, 3, 6, [](double step) { return step <= 40 ? 6 - 0.05 * step : 4 + 0.01 * (step - 40); });
  EXPECT_NE(Of(log).learning, Learning::kMemorising);
}

TEST(RunFacts, FewEvaluations_AreNotJudged) {
  WrittenLog log;
  EXPECT_THAT(Of(log.Start()).learning_text, StartsWith("not known yet"));
  WrittenLog falls;
  Train(falls, 39, 6, 3, [](double) { return 5.0; });
  EXPECT_THAT(Of(falls).learning_text, StartsWith("yes, by the training loss: "));
  EXPECT_THAT(Of(falls).memorising_text, StartsWith("no sign of it in 3 evaluations"));
}

// The last one, over the whole part, is no rise nor fall of those over a sample.
TEST(RunFacts, EvaluationsOfTwoMeasures_AreNotCompared) {
  WrittenLog log;
  Train(log, 100, 6, 3, [](double step) { return 6 - 0.02 * step; });
  log.Evaluation(101, 9, true);
  const RunFacts facts = Of(log);
  EXPECT_EQ(facts.learning, Learning::kLearning);
  EXPECT_TRUE(facts.best->whole);
  EXPECT_EQ(facts.best->nats, 9);
}

TEST(RunFacts, End_IsToldAsItWas) {
  WrittenLog log;
  log.Start().Step(1, 5).Step(2, 4);
  EXPECT_THAT(Of(log).end_text, HasSubstr("broke off at step 2 of 100; `cllm resume` goes on"));
  EXPECT_THAT(Of(log, true).end_text, HasSubstr("in 1m00s, at "));
  EXPECT_THAT(Of(log, true, 20).end_text, HasSubstr("in 40s, at "));
  WrittenLog stopped;
  EXPECT_THAT(Of(stopped.Start().Step(1, 5).Event("run_end", 1, R"("signal":2)")).end_text,
              HasSubstr("was stopped at step 1 of 100"));
  EXPECT_FALSE(Of(stopped).ended);
  WrittenLog ended;
  EXPECT_THAT(Of(ended.Start().Step(1, 5).Event("run_end", 1, R"("best_step":1)")).end_text,
              HasSubstr("it ended at step 1"));
  EXPECT_TRUE(Of(ended).ended);
  EXPECT_FALSE(Of(ended.Start("resume", 1)).ended);
}

TEST(RunFacts, SilentLogOfARunningProcess_IsStale) {
  WrittenLog log;
  log.Start().Step(1, 5);
  EXPECT_FALSE(Alerts(Of(log, true, 60), "stale"));
  EXPECT_TRUE(Alerts(Of(log, true, 600), "stale"));
  EXPECT_FALSE(Alerts(Of(log, false, 600), "stale"));
}

TEST(RunFacts, Divergence_IsTold_UntilItWasRolledBack) {
  WrittenLog log;
  log.Start().Step(1, 5).Step(2, 5).Event("diverged", 2, R"("text":"the loss is nan")");
  EXPECT_EQ(Of(log).learning, Learning::kDiverged);
  EXPECT_TRUE(Alerts(Of(log), "diverged"));
  log.Event("rollback", 1, R"("rate_scale":0.5)").Step(2, 4);
  EXPECT_NE(Of(log).learning, Learning::kDiverged);
}

TEST(RunFacts, Faults_AreAlerts) {
  WrittenLog log;
  log.Start();
  for (uint64_t step = 1; step <= 300; ++step) log.Step(step, 9);
  EXPECT_TRUE(Alerts(Of(log), "hot"));  // ln 256 is 5.5
  log.Line(R"({"step":301,"tokens":30100,"loss":null,"nan":true})");
  EXPECT_TRUE(Alerts(Of(log), "not_finite"));
  EXPECT_FALSE(Alerts(Of(log), "spikes"));
  log.Line(R"({"step":302,"tokens":30200,"loss":9,"grad_norm":40})");
  EXPECT_TRUE(Alerts(Of(log), "spikes"));
  EXPECT_FALSE(Alerts(Of(log, true), "slow"));
  for (uint64_t step = 303; step <= 360; ++step) log.Line(fmt::format(R"({{"step":{},"tok_s":300}})", step));
  EXPECT_TRUE(Alerts(Of(log, true), "slow"));
  EXPECT_FALSE(Alerts(Of(log), "slow"));
}

TEST(RunFacts, Limits_AreWhereTheTimeGoes) {
  WrittenLog log;
  log.Start().Step(1, 5).Step(2, 4);
  EXPECT_THAT(Of(log).limits_text,
              StartsWith("the model's own arithmetic: 80 % of the time goes into items, at 50 % of this"));
  log.Event("spheres", 2, R"("busy_s":[1.0,1.0],"waiting_s":[1.0,1.0])");
  EXPECT_THAT(Of(log).limits_text, StartsWith("waiting: workers wait 50 % of their time"));
  WrittenLog updates;
  updates.Start().Line(R"({"step":1,"items_s":0.1,"reduce_s":0.1,"update_s":0.3,"pack_s":0.1})");
  EXPECT_THAT(Of(updates).limits_text, StartsWith("updates of the weights: 83 % of the time"));
  WrittenLog evaluations;
  evaluations.Start("run_start", 0, 1000).Step(1, 5, 1000.1).Evaluation(1, 4, false, false, 1005);
  evaluations.Step(2, 4, 1005.1);
  EXPECT_THAT(Of(evaluations).limits_text, StartsWith("evaluations, samples and saves: 96 % of the time"));
  WrittenLog ranks;
  ranks.Start().Line(R"({"step":1,"items_s":0.4,"reduce_s":0.5,"update_s":0.1,"messages_s":0.375,"peers_s":0.125})");
  EXPECT_THAT(Of(ranks).limits_text, StartsWith("the exchange between ranks: 50 % of the time"));
  WrittenLog nothing;
  EXPECT_THAT(Of(nothing.Start()).limits_text, StartsWith("not known"));
}

}  // namespace
}  // namespace cllm
