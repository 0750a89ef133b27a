#include "run/resume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/system.h"
#include "run/active_run.h"
#include "run/run_config.h"
#include "run/testing/small_runs.h"
#include "store/checkpoint.h"
#include "train/run_state.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(ResolveGoal, None_IsThePlannedEnd) {
  const auto total = ResolveGoal({}, {.step = 3, .planned = 10}, 0);
  ASSERT_TRUE(total.ok());
  EXPECT_EQ(*total, std::nullopt);
}

TEST(ResolveGoal, Steps_AreTheTotal_AndMayOnlyGrow) {
  const auto more = ResolveGoal({.steps = 20, .time_s = {}}, {.step = 3, .planned = 10}, 0);
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(*more, 20u);
  EXPECT_TRUE(ResolveGoal({.steps = 10, .time_s = {}}, {.step = 10, .planned = 10}, 0).ok());
  const Status fewer = ResolveGoal({.steps = 9, .time_s = {}}, {.step = 3, .planned = 10}, 0).status();
  EXPECT_EQ(fewer.code(), Code::kUsage);
  EXPECT_THAT(fewer.message(), HasSubstr("`steps` 9 is less than the run's 10"));
}

TEST(ResolveGoal, StepsThatARunByTimeHasDecided_AreRefused) {
  const RunProgress open{.step = 3, .planned = 10, .open = true};
  for (const uint64_t steps : {1u, 9u, 10u}) {
    const Status status = ResolveGoal({.steps = steps, .time_s = {}}, open, 0).status();
    EXPECT_EQ(status.code(), Code::kUsage);
    EXPECT_THAT(status.message(), HasSubstr("no more than the 10 that the run by time has decided"));
  }
  EXPECT_EQ(*ResolveGoal({.steps = 11, .time_s = {}}, open, 0), 11u);
}

TEST(ResolveGoal, Time_NamesNoSteps) {
  const auto total = ResolveGoal({.steps = {}, .time_s = 106.0}, {.step = 500, .planned = 600}, 0.1);
  ASSERT_TRUE(total.ok()) << total.status().message();
  EXPECT_EQ(*total, std::nullopt);
}

TEST(ResolveGoal, TimeTooShort_AfterPatience_NamesTheSteps) {
  const Status status =
      ResolveGoal({.steps = {}, .time_s = 106.0}, {.step = 500, .planned = 5000, .patience_ended = true}, 0.1).status();
  EXPECT_THAT(status.message(), HasSubstr("name `steps` 5000 to finish it"));
}

TEST(ResolveGoal, TimeThatEndsBeforeThePlannedEnd_SaysHowMuchIsLeft) {
  const Status status = ResolveGoal({.steps = {}, .time_s = 106.0}, {.step = 500, .planned = 5000}, 0.1).status();
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("`time` 1m46s is for "));
  EXPECT_THAT(status.message(), HasSubstr("the run has 4500 more before its planned end (about 7m30s)"));
}

class PrepareResumeTest : public SmallRuns {
 protected:
  void SetUp() override { Train(Tiny()); }
  void Train(const RunChoices& choices) {
    std::filesystem::remove_all(directory_);
    const Result<PreparedRun> run = PrepareRun(choices, MonotonicSeconds(), notes_);
    ASSERT_TRUE(run.ok()) << run.status().message();
    Result<NewRunDirectory> made = MakeRunDirectory(files_, directory_, *run);
    ASSERT_TRUE(made.ok()) << made.status().message();
    auto active = ActiveRun::Begin(*run, *std::move(made), files_, {notes_, control_});
    ASSERT_TRUE(active.ok()) << active.status().message();
    ASSERT_TRUE((*active)->Train().ok());
    notes_.sentences.clear();
  }
  Result<PreparedResume> Prepare(const ResumeGoal& goal) {
    const Result<RunChoices> choices = ReadRunChoices(directory_);
    EXPECT_TRUE(choices.ok()) << choices.status().message();
    return PrepareResume(directory_, *choices, goal, notes_);
  }

  PosixFileSystem files_;
  RunControl control_;
  std::string directory_ = root_ / "run";
};

TEST_F(PrepareResumeTest, CompleteRun_IsTold) {
  const auto resume = Prepare({});
  ASSERT_TRUE(resume.ok()) << resume.status().message();
  EXPECT_EQ(resume->total, std::nullopt);
  EXPECT_THAT(notes_.sentences, ::testing::ElementsAre(HasSubstr("complete at step 12; name `time` or `steps`")));
}

TEST_F(PrepareResumeTest, DamagedCheckpoint_IsSkippedAndTold) {
  std::filesystem::resize_file(Checkpoints(files_, directory_).Directory(12) + "/model.safetensors", 100);
  const auto resume = Prepare({});
  ASSERT_TRUE(resume.ok()) << resume.status().message();
  EXPECT_EQ(resume->checkpoint, Checkpoints(files_, directory_).Directory(10));
  EXPECT_THAT(notes_.sentences, ::testing::ElementsAre(HasSubstr("checkpoint of step 12 is skipped")));
}

TEST_F(PrepareResumeTest, MoreSteps_AreTrainedAndKeepThePlannedConfiguration) {
  auto resume = Prepare({.steps = 20, .time_s = {}});
  ASSERT_TRUE(resume.ok()) << resume.status().message();
  EXPECT_EQ(resume->run.choices.steps, 12u);
  const auto active = ActiveRun::Continue(*resume, files_, {notes_, control_});
  ASSERT_TRUE(active.ok()) << active.status().message();
  const Result<RunSummary> summary = (*active)->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(summary->step, 20u);
}

TEST_F(PrepareResumeTest, LockedRun_IsRefused) {
  const auto first = Prepare({});
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(Prepare({}).status().code(), Code::kUsage);
}

TEST_F(PrepareResumeTest, ConfigurationThatLacksAChoice_IsRefusedWithItsFile) {
  RunChoices choices = *ReadRunChoices(directory_);
  choices.batch.reset();
  const Status status = PrepareResume(directory_, choices, {}, notes_).status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), ::testing::AllOf(HasSubstr("config.toml"), HasSubstr("`batch`")));
}

TEST_F(PrepareResumeTest, RunWithoutACheckpoint_IsToldWhatToDo) {
  std::filesystem::remove_all(directory_ + "/checkpoints");
  const Status status = Prepare({}).status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("remove it and train anew"));
}

// A run that patience ends: the rate is far too high.
class AfterPatience : public PrepareResumeTest {
 protected:
  void SetUp() override {
    RunChoices choices = Tiny();
    choices.steps = 400, choices.eval_every = 2, choices.patience = 2, choices.warmup = 1;
    choices.rate = 0.3, choices.embedding_rate = 0.3;
    Train(choices);
    const auto state = ReadState(directory_ + "/latest");
    ASSERT_TRUE(state.ok()) << state.status().message();
    ended_at_ = state->step;
    ASSERT_LT(ended_at_, 400u);
    ASSERT_EQ(state->worse_evaluations, 2u);
  }
  RunSummary Resume(const ResumeGoal& goal, std::optional<uint64_t> patience = {}) {
    Result<RunChoices> choices = ReadRunChoices(directory_);
    EXPECT_TRUE(choices.ok()) << choices.status().message();
    if (patience) choices->patience = *patience;
    auto resume = PrepareResume(directory_, *choices, goal, notes_);
    EXPECT_TRUE(resume.ok()) << resume.status().message();
    if (!resume.ok()) return {};
    const auto active = ActiveRun::Continue(*resume, files_, {notes_, control_});
    EXPECT_TRUE(active.ok()) << active.status().message();
    const Result<RunSummary> summary = (*active)->Train();
    EXPECT_TRUE(summary.ok()) << summary.status().message();
    return *summary;
  }
  uint64_t ended_at_ = 0;
};

// A process that was killed in the last evaluation goes on to the same end, whatever it was told.
TEST_F(AfterPatience, WithoutAGoal_TrainsNoStep_AndSaysHow) {
  const RunSummary summary = Resume({});
  EXPECT_EQ(summary.step, ended_at_);
  EXPECT_EQ(summary.planned, 400u);
  EXPECT_TRUE(summary.patience_ended);
  EXPECT_THAT(notes_.sentences,
              ::testing::Contains(::testing::AllOf(HasSubstr("patience ended the run at step "),
                                                   HasSubstr("name `steps` (400 to the planned end)"))));
}

TEST_F(AfterPatience, ThePlannedSteps_TrainOn) {
  const RunSummary summary = Resume({.steps = 400, .time_s = {}});
  EXPECT_GT(summary.step, ended_at_);
  EXPECT_THAT(notes_.sentences, ::testing::Contains(HasSubstr("it counts evaluations anew")));
}

TEST_F(AfterPatience, MoreSteps_TrainOn) { EXPECT_GT(Resume({.steps = 700, .time_s = {}}).step, ended_at_); }

TEST_F(AfterPatience, NoPatience_TrainsToThePlannedEnd) {
  const RunSummary summary = Resume({}, 0);
  EXPECT_EQ(summary.step, 400u);
  EXPECT_FALSE(summary.patience_ended);
}

TEST_F(AfterPatience, LargerPatience_TrainsOn) { EXPECT_GT(Resume({}, 4).step, ended_at_); }

}  // namespace
}  // namespace cllm
