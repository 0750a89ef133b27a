#include "run/run_preparation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/system.h"
#include "run/testing/small_runs.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

const ModelShape kThere{.layers = 2, .heads = 4, .width = 16, .hidden = 24, .context = 8, .vocabulary = 300,
                        .kv_heads = 2};

TEST(TakeShape, WithoutChoices_AllIsTheModels) {
  RunChoices choices;
  ASSERT_TRUE(TakeShape(kThere, "bpe:300", choices).ok());
  const Result<ModelShape> shape = ShapeFrom(choices, 300);
  ASSERT_TRUE(shape.ok());
  EXPECT_EQ(*shape, kThere);
  EXPECT_EQ(choices.tokenizer, "bpe:300");
}

TEST(TakeShape, ChoicesThatAgree_Stay) {
  RunChoices choices;
  choices.width = 16, choices.kv_heads = 2, choices.tokenizer = "bpe:300";
  EXPECT_TRUE(TakeShape(kThere, "bpe:300", choices).ok());
}

TEST(TakeShape, ChoicesThatContradict_NameOptionAndBothValues) {
  const auto refusal = [](const RunChoices& made) {
    RunChoices choices = made;
    const Status status = TakeShape(kThere, "bpe:300", choices);
    EXPECT_EQ(status.code(), Code::kUsage);
    return status.message();
  };
  RunChoices choices;
  choices.width = 32;
  EXPECT_THAT(refusal(choices), HasSubstr("`width` is 32, but the model that `from` names has 16"));
  choices = {};
  choices.kv_heads = 4;
  EXPECT_THAT(refusal(choices), HasSubstr("`kv-heads` is 4, but the model that `from` names has 2"));
  choices = {};
  choices.untied = true;
  EXPECT_THAT(refusal(choices), HasSubstr("`untied` is true, but the model that `from` names has false"));
  choices = {};
  choices.tokenizer = "bytes";
  EXPECT_THAT(refusal(choices), HasSubstr("`tokenizer` is bytes, but the model that `from` names has bpe:300"));
}

class PrepareRunTest : public SmallRuns {};

TEST_F(PrepareRunTest, NamedSteps_MakeEveryOtherChoice) {
  RunChoices choices;
  choices.text = {Text()};
  choices.steps = 7;
  const Result<PreparedRun> run = PrepareRun(choices, MonotonicSeconds(), notes_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_EQ(run->plan.step.schedule.total(), 7u);
  EXPECT_EQ(run->plan.step.dropout, 0) << "a run of a named length keeps the plain model";
  EXPECT_EQ(run->choices.tokenizer, "bytes");
  EXPECT_EQ(run->plan.shape.vocabulary, run->tokenizer->vocabulary());
  EXPECT_FALSE(run->step_seconds) << "nothing is planned by time";
  EXPECT_GT(run->memory.total(), 0u);
  EXPECT_GT(run->machine.peak_gflops, 0);
}

TEST_F(PrepareRunTest, NamedTime_BecomesSteps) {
  RunChoices choices = Tiny();
  choices.steps.reset();
  choices.time_s = 5;
  const Result<PreparedRun> run = PrepareRun(choices, MonotonicSeconds(), notes_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_TRUE(run->step_seconds);
  EXPECT_GE(*run->choices.steps, 20u);
  EXPECT_FALSE(run->choices.time_s) << "the choices reproduce the run by its steps";
}

TEST_F(PrepareRunTest, RunThatNeedsMoreMemoryThanThereIs_IsRefusedBeforeTheStart) {
  RunChoices choices = Tiny();
  choices.layers = 256, choices.width = 8192, choices.hidden = 32768, choices.heads = 256;
  const Status status = PrepareRun(choices, MonotonicSeconds(), notes_).status();
  EXPECT_EQ(status.code(), Code::kNoResources);
  EXPECT_THAT(status.message(), HasSubstr("the run needs"));
}

TEST_F(PrepareRunTest, WithoutText_IsRefused) {
  EXPECT_EQ(PrepareRun({}, MonotonicSeconds(), notes_).status().code(), Code::kUsage);
}

TEST_F(PrepareRunTest, OtherNumerics_AreTold) {
  RunChoices choices = Tiny();
  choices.numerics = 1;
  ASSERT_TRUE(PrepareRun(choices, MonotonicSeconds(), notes_).ok());
  EXPECT_THAT(notes_.sentences, ::testing::Contains(HasSubstr("numerics 1")));
}

}  // namespace
}  // namespace cllm
