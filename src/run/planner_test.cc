#include "run/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "model/layout.h"
#include "run/run_plan.h"

namespace cllm {
namespace {

// For a text of 90,000 bytes, as single bytes.
class PlannedModel : public ::testing::Test {
 protected:
  static constexpr uint64_t kTokens = 90'000;

  RunChoices Plan(double seconds, RunChoices choices = {}) {
    EXPECT_TRUE(PlanModel({kTokens, kByteVocabulary, {200, 2}, seconds}, choices).ok());
    return choices;
  }
};

TEST_F(PlannedModel, GrowsWithTheTime) {
  std::vector<size_t> sizes;
  for (const double seconds : {10.0, 60.0, 600.0, 3600.0}) {
    sizes.push_back(ParameterLayout(*ShapeOf(Plan(seconds), kByteVocabulary)).parameters());
  }
  EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end())) << testing::PrintToString(sizes);
  EXPECT_GT(sizes.back(), 2 * sizes.front()) << testing::PrintToString(sizes);
}

TEST_F(PlannedModel, DropsMoreTheMoreOftenTheTextIsRead) {
  RunChoices narrow, wide;
  narrow.layers = 2, narrow.width = 64;
  wide.layers = 8, wide.width = 512;
  EXPECT_GT(*Plan(600, narrow).dropout, *Plan(600, wide).dropout) << "a wide model sees fewer tokens in the time";
}

// What is not named is planned for the size that is.
TEST_F(PlannedModel, NamedSize_GetsAContextForItsOwnSpeed) {
  RunChoices narrow, wide;
  narrow.layers = 2, narrow.width = 64;
  wide.layers = 8, wide.width = 512;
  EXPECT_GT(*Plan(60, narrow).context, *Plan(60, wide).context);
}

TEST_F(PlannedModel, FineTuning_StartsWithLowerRates) {
  RunChoices tuned;
  tuned.from = "runs/model";
  EXPECT_LT(*Plan(60, tuned).rate, *Plan(60).rate);
  EXPECT_LT(*Plan(60, tuned).embedding_rate, *Plan(60).embedding_rate);
}

TEST_F(PlannedModel, OnManyThreads_AStepHasASequenceForEach) {
  RunChoices many;
  EXPECT_TRUE(PlanModel({10'000'000, 2048, {1600, 16}, 600.0}, many).ok());
  EXPECT_EQ(*many.context, 256u);
  EXPECT_GE(*many.batch / *many.item, 16u);
  RunChoices few_steps;  // where a minute is too short for such steps, they stay small
  EXPECT_TRUE(PlanModel({10'000'000, 2048, {20, 16}, 60.0}, few_steps).ok());
  EXPECT_LT(*few_steps.batch, 16u);
}

TEST_F(PlannedModel, OfNamedSteps_IsTheSameOnAnyMachine) {
  RunChoices named;
  named.steps = 1000;
  EXPECT_TRUE(PlanModel({10'000'000, 2048, kNominalMachine, std::nullopt}, named).ok());
  EXPECT_EQ(*named.context, 256u);
}

// Heads that nobody named fit a named width, so that each has an even number of columns.
TEST(Planner, HeadsForANamedWidth_FitIt) {
  const PlanningFacts facts{
      .training_tokens = 100'000, .vocabulary = kByteVocabulary, .machine = {100, 1}, .seconds = {}};
  const auto heads = [&](size_t width, std::optional<size_t> kv_heads) {
    RunChoices choices;
    choices.width = width;
    choices.kv_heads = kv_heads;
    choices.steps = 10;
    const Status planned = PlanModel(facts, choices);
    EXPECT_TRUE(planned.ok()) << planned.message();
    return choices.heads.value_or(0);
  };
  EXPECT_EQ(heads(128, std::nullopt), 4u);
  EXPECT_EQ(heads(70, std::nullopt), 1u);
  EXPECT_EQ(heads(192, 3), 6u);
  EXPECT_EQ(heads(60, 2), 2u);
}

TEST(Planner, Steps_FillTheTime) {
  RunChoices choices;
  choices.batch = 8;
  choices.context = 64;
  const uint64_t steps = PlanSteps(TimeForSteps{.seconds = 106.0, .step_seconds = 0.1}, choices);
  EXPECT_NEAR(static_cast<double>(steps), 1000, 1);
  EXPECT_EQ(choices.steps, std::nullopt) << "they are decided on the way";
  EXPECT_NEAR(static_cast<double>(*choices.eval_every), 50, 1);
  EXPECT_GT(*choices.save_every, 0u);
}

TEST(Planner, Steps_ThatAreNamed_Stay) {
  RunChoices choices;
  choices.batch = 8;
  choices.context = 64;
  choices.steps = 37;
  PlanSteps({}, choices);
  EXPECT_EQ(*choices.steps, 37u);
  EXPECT_EQ(*choices.eval_tokens, 0u) << "a run of a named length is evaluated on the whole validation part";
}

TEST(Planner, Tokenizer_GrowsWithTextAndTime) {
  const MachineSpeed machine{200, 2};
  EXPECT_EQ(PlanTokenizer(100'000, 600, machine), "bytes");
  EXPECT_EQ(PlanTokenizer(1'100'000, 60, machine), "bpe:1024");
  EXPECT_EQ(PlanTokenizer(20'000'000, 3600, machine), "bpe:4096");
}

TEST(Planner, MeasuredStep_RunsThePlannedModel) {
  RunChoices choices;
  choices.layers = 1, choices.heads = 2, choices.width = 16, choices.hidden = 32, choices.context = 16;
  choices.batch = 4, choices.item = 1, choices.rate = 0.01, choices.embedding_rate = 0.01, choices.dropout = 0.0;
  const Result<double> seconds = MeasureStep(choices, Tokenizer::Bytes(), 0.01);
  ASSERT_TRUE(seconds.ok()) << seconds.status().message();
  EXPECT_GT(*seconds, 0);
}

}  // namespace
}  // namespace cllm
