#include "run/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using ::testing::HasSubstr;

// Every choice made.
RunChoices Made() {
  RunChoices choices;
  choices.layers = 2, choices.heads = 4, choices.width = 16, choices.hidden = 24, choices.context = 8;
  choices.batch = 6, choices.item = 2, choices.steps = 30, choices.dropout = 0.25;
  choices.rate = 0.01, choices.embedding_rate = 0.02;
  choices.eval_every = 7, choices.save_every = 8, choices.eval_tokens = 900;
  return choices;
}

TEST(RunPlan, Choices_AreWhatThePlanHolds) {
  RunChoices choices = Made();
  choices.kv_heads = 2, choices.lambda = 0.3, choices.clip = 2, choices.seed = 9, choices.warmup = 5;
  choices.threads = 3, choices.keep_every = 4, choices.samples = 1, choices.patience = 2, choices.weight_decay = 0.2;
  choices.precision = Precision::kBf16, choices.optimizer = OptimizerKind::kAdamW;
  choices.on_divergence = OnDivergence::kRollback;
  const Result<TrainingPlan> plan = PlanOf(choices, 300);
  ASSERT_TRUE(plan.ok()) << plan.status().message();
  const ModelShape shape{.layers = 2, .heads = 4, .width = 16, .hidden = 24, .context = 8, .vocabulary = 300,
                         .kv_heads = 2};
  EXPECT_EQ(plan->shape, shape);
  const StepOptions& step = plan->step;
  EXPECT_EQ(step.batch, 6u);
  EXPECT_EQ(step.item, 2u);
  EXPECT_EQ(step.lambda, 0.3f);
  EXPECT_EQ(step.dropout, 0.25f);
  EXPECT_EQ(step.clip, 2.0f);
  EXPECT_EQ(step.seed, 9u);
  EXPECT_EQ(step.precision, Precision::kBf16);
  EXPECT_EQ(step.optimizer.kind, OptimizerKind::kAdamW);
  EXPECT_EQ(step.optimizer.matrix_rate, 0.01);
  EXPECT_EQ(step.optimizer.embedding_rate, 0.02);
  EXPECT_EQ(step.optimizer.weight_decay, 0.2);
  ASSERT_EQ(step.schedule.segments.size(), 1u);
  EXPECT_EQ(step.schedule.total(), 30u);
  EXPECT_EQ(step.schedule.segments[0].warmup, 5u);
  EXPECT_EQ(plan->lambda, 0.3) << "the log has the number that was named";
  EXPECT_EQ(plan->eval_every, 7u);
  EXPECT_EQ(plan->save_every, 8u);
  EXPECT_EQ(plan->eval_tokens, 900u);
  EXPECT_EQ(plan->keep_every, 4u);
  EXPECT_EQ(plan->samples, 1u);
  EXPECT_EQ(plan->patience, 2u);
  EXPECT_EQ(plan->on_divergence, OnDivergence::kRollback);
  EXPECT_EQ(plan->threads, 3u);
}

template <typename Value, typename Choices>
void ExpectNeeded(std::optional<Value> Choices::*choice, const std::string& option) {
  RunChoices choices = Made();
  (choices.*choice).reset();
  const Status status = PlanOf(choices, 300).status();
  EXPECT_EQ(status.code(), Code::kUsage) << option;
  EXPECT_THAT(status.message(), HasSubstr("`" + option + "`"));
}

TEST(RunPlan, ChoiceThatIsNotMade_IsNamed) {
  ExpectNeeded(&RunChoices::layers, "layers");
  ExpectNeeded(&RunChoices::context, "context");
  ExpectNeeded(&RunChoices::batch, "batch");
  ExpectNeeded(&RunChoices::item, "item");
  ExpectNeeded(&RunChoices::dropout, "dropout");
  ExpectNeeded(&RunChoices::rate, "lr");
  ExpectNeeded(&RunChoices::embedding_rate, "embedding-lr");
  ExpectNeeded(&RunChoices::steps, "steps");
  ExpectNeeded(&RunChoices::eval_every, "eval-every");
  ExpectNeeded(&RunChoices::eval_tokens, "eval-tokens");
  ExpectNeeded(&RunChoices::save_every, "save-every");
}

TEST(RunPlan, WhatAStepIsMadeOf_NeedsNoLength) {
  RunChoices choices = Made();
  choices.steps.reset(), choices.eval_every.reset(), choices.save_every.reset(), choices.eval_tokens.reset();
  const Result<StepOptions> step = StepOptionsOf(choices);
  ASSERT_TRUE(step.ok()) << step.status().message();
  EXPECT_TRUE(step->schedule.segments.empty());
}

TEST(RunPlan, ShapeThatContradictsItself_IsRefused) {
  RunChoices choices = Made();
  choices.kv_heads = 3;
  const Status status = PlanOf(choices, 300).status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("kv_heads 3 does not divide heads 4"));
}

}  // namespace
}  // namespace cllm
