#include "run/run_preparation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/system.h"
#include "run/planner.h"
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

// What nobody named is planned, so that the text can be trained on.
class PlannedForAText : public PrepareRunTest {
 protected:
  Result<PreparedRun> Plan(const std::string& text) {
    RunChoices choices;
    choices.text = {root_.Write("planned.txt", text)};
    choices.steps = 3, choices.threads = 2;
    return PrepareRun(choices, MonotonicSeconds(), notes_);
  }
  static std::string Repeated(const std::string& line, size_t times) {
    std::string text;
    for (size_t i = 0; i < times; ++i) text += line;
    return text;
  }
};

TEST_F(PlannedForAText, OfLittleVariety_GetsATokenizerThatItSupports) {
  std::string log, table, numbers;
  for (int i = 0; i < 14000; ++i) {
    log += "2024-01-" + std::to_string(10 + i * 7 % 19) + " 12:00:00 INFO ok\n";
    table += std::to_string(i % 10) + "\t0.0\t1.0\tyes\tno\n";
    numbers += std::to_string(i % 7) + " " + std::to_string(i % 3) + " 0 0 0 0 0 0 0 0 0\n";
  }
  const std::string line = Repeated("the same line\n", 30000), letter = Repeated("a", 400000);
  for (const std::string& text : {log, table + table, numbers, line, letter}) {
    const Result<PreparedRun> run = Plan(text);
    ASSERT_TRUE(run.ok()) << text.substr(0, 40) << run.status().message();
    EXPECT_EQ(run->choices.tokenizer, run->tokenizer->name());
  }
}

TEST_F(PlannedForAText, ThatIsTiny_GetsAContextThatItHolds) {
  for (const char* text : {"ab", "abc", "hello", "a line\n", "hello, world\n"}) {
    const Result<PreparedRun> run = Plan(text);
    ASSERT_TRUE(run.ok()) << text << ": " << run.status().message();
    EXPECT_LT(run->plan.shape.context, run->corpus->training().size()) << text;
  }
}

TEST_F(PlannedForAText, OfAFewWords_IsToldToBeLittle) {
  const std::string enough = Repeated("some words of a text, and others\n", 2000);
  ASSERT_TRUE(Plan("hello, world\n").ok());
  EXPECT_THAT(notes_.sentences, ::testing::Contains(HasSubstr("the text has 13 B: of so little")));
  notes_.sentences.clear();
  ASSERT_TRUE(Plan(enough).ok());
  EXPECT_THAT(notes_.sentences, ::testing::Not(::testing::Contains(HasSubstr("of so little"))));
}

TEST_F(PlannedForAText, ThatIsTooShortForAnyContext_IsNotToldToChooseASmallerOne) {
  const Status status = Plan("x").status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), ::testing::Not(HasSubstr("smaller context")));
}

TEST_F(PlannedForAText, DemandedMerges_AreStillADemand) {
  RunChoices choices;
  choices.text = {root_.Write("planned.txt", Repeated("the same line\n", 30000))};
  choices.steps = 3, choices.tokenizer = "bpe:1024";
  EXPECT_EQ(PrepareRun(choices, MonotonicSeconds(), notes_).status().code(), Code::kBadInput);
}

// The plan of named steps is of the text alone: the machine has no say, nor have its threads.
TEST_F(PlannedForAText, NamedSteps_AreForANominalMachine) {
  const Result<PreparedRun> run = Plan(Repeated("some words of a text, and others\n", 2000));
  ASSERT_TRUE(run.ok()) << run.status().message();
  RunChoices expected;
  expected.steps = 3;
  const PlanningFacts facts{run->corpus->training().size(), run->tokenizer->vocabulary(), kNominalMachine, {}};
  ASSERT_TRUE(PlanModel(facts, expected).ok());
  EXPECT_EQ(run->choices.width, expected.width);
  EXPECT_EQ(run->choices.batch, expected.batch);
  EXPECT_EQ(run->choices.context, expected.context);
  EXPECT_EQ(run->choices.precision, Precision::kFp32);
  EXPECT_EQ(*run->choices.hidden % 32, 0u);
}

TEST_F(PrepareRunTest, NamedTime_LeavesTheScheduleOpen) {
  RunChoices choices = Tiny();
  choices.steps.reset();
  choices.time_s = 5;
  const Result<PreparedRun> run = PrepareRun(choices, MonotonicSeconds(), notes_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  EXPECT_TRUE(run->step_seconds);
  EXPECT_FALSE(run->choices.steps) << "they are decided on the way";
  EXPECT_EQ(run->choices.time_s, 5);
  EXPECT_TRUE(run->plan.step.schedule.open());
  ASSERT_TRUE(run->time);
  EXPECT_EQ(run->time->seconds, 5);
  EXPECT_GE(run->expected_steps, 20u);
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
