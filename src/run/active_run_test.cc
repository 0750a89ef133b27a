#include "run/active_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/system.h"
#include "infer/request_batch.h"
#include "run/evaluate.h"
#include "run/open_model.h"
#include "run/run_config.h"
#include "run/testing/small_runs.h"
#include "store/run_directory.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

class Listener : public RunObserver {
 public:
  void OnStep(const StepEvent& event) override { steps += event.step != 0; }
  void OnEnd(const EndEvent& event) override { end = event; }
  uint64_t steps = 0;
  EndEvent end;
};

class ActiveRunTest : public SmallRuns {
 protected:
  // Trains in a directory and returns what came of it.
  RunSummary Train(const RunChoices& choices, const std::string& directory) {
    const auto run = PrepareRun(choices, MonotonicSeconds(), listener_);
    EXPECT_TRUE(run.ok()) << run.status().message();
    Result<NewRunDirectory> made = MakeRunDirectory(files_, directory, *run);
    EXPECT_TRUE(made.ok()) << made.status().message();
    const auto active = ActiveRun::Begin(*run, *std::move(made), files_, {listener_, control_});
    EXPECT_TRUE(active.ok()) << active.status().message();
    const Result<RunSummary> summary = (*active)->Train();
    EXPECT_TRUE(summary.ok()) << summary.status().message();
    return *summary;
  }

  PosixFileSystem files_;
  Listener listener_;
  RunControl control_;
};

// What an embedding program does: choices, a run, an evaluation and a text, without the app.
TEST_F(ActiveRunTest, ChoicesBecomeARun_ThatIsEvaluatedAndGenerates) {
  const std::string directory = root_ / "run";
  const RunSummary summary = Train(Tiny(), directory);
  EXPECT_EQ(summary.step, 12u);
  EXPECT_EQ(listener_.steps, 12u);
  EXPECT_EQ(listener_.end.best_step, summary.best_step);
  EXPECT_THAT(ReadText(directory + "/log.jsonl"), HasSubstr("\"event\":\"run_end\""));
  EXPECT_THAT(ReadText(directory + "/samples.txt"), HasSubstr("--- step 6"));

  Result<OpenedModel> model = OpenModel(directory);
  ASSERT_TRUE(model.ok()) << model.status().message();
  const Weights weights(std::move(model->stored), Storage::kF32);
  const auto evaluated = EvaluateText(weights, model->tokenizer, {.paths = {Text()}}, {}, listener_);
  ASSERT_TRUE(evaluated.ok()) << evaluated.status().message();
  EXPECT_GT(evaluated->result.scores.token, 0);
  RequestOptions request;
  request.tokens = 5;
  const Generated made =
      Generate(weights, model->tokenizer, "line", request, [](const GeneratedToken&) { return true; }, nullptr);
  EXPECT_EQ(made.tokens.size(), 5u);
}

// Two that begin at once both find the directory empty; the second one to lock it leaves what the first one writes.
TEST_F(ActiveRunTest, DirectoryThatAnotherTrainingTookMeanwhile_StaysAsItIs) {
  const std::string directory = root_ / "run";
  const auto run = PrepareRun(Tiny(), MonotonicSeconds(), listener_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  for (const bool was_there : {false, true}) {
    Result<NewRunDirectory> made = MakeRunDirectory(files_, directory, *run);
    ASSERT_TRUE(made.ok()) << made.status().message();
    {
      const Result<RunLock> other = RunLock::Acquire(directory);
      ASSERT_TRUE(other.ok()) << other.status().message();
      const std::string written = root_.Write("run/config.toml", "of the other");
      const auto active = ActiveRun::Begin(*run, *std::move(made), files_, {listener_, control_});
      ASSERT_FALSE(active.ok());
      EXPECT_THAT(active.status().message(), HasSubstr("is writing this run")) << was_there;
      EXPECT_EQ(ReadText(written), "of the other") << was_there;
    }
    std::filesystem::remove_all(directory);
    std::filesystem::create_directory(directory);
  }
}

TEST_F(ActiveRunTest, ChoicesThatARunWrote_ReproduceIt) {
  Train(Tiny(), root_ / "first");
  Result<RunChoices> written = ReadRunChoices(root_ / "first");
  ASSERT_TRUE(written.ok()) << written.status().message();
  written->threads = 3;
  Train(*written, root_ / "second");
  const auto first = OpenModel(root_ / "first@12"), second = OpenModel(root_ / "second@12");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(WeightHash(first->stored), WeightHash(second->stored));
}

// A clock that goes on with the steps: a machine that gets half as fast.
class SlowingClock : public RunObserver {
 public:
  void OnStep(const StepEvent&) override { now += now < 2 ? 0.1 : 0.2; }
  double now = 0;
};

TEST_F(ActiveRunTest, RunByTime_IsRepeatedFromTheConfigurationThatItWrote) {
  RunChoices choices = Tiny();
  choices.steps.reset();
  choices.time_s = 8;
  auto run = PrepareRun(choices, MonotonicSeconds(), listener_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  SlowingClock clock;
  run->clock = [&clock] { return clock.now; };
  run->time = TimeBudget{.begin = 0, .seconds = 8, .step_seconds = 0.1};
  Result<NewRunDirectory> made = MakeRunDirectory(files_, root_ / "first", *run);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const auto active = ActiveRun::Begin(*run, *std::move(made), files_, {clock, control_});
  ASSERT_TRUE(active.ok()) << active.status().message();
  const Result<RunSummary> summary = (*active)->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_NEAR(clock.now, 8, 0.8);

  const Result<RunChoices> written = ReadRunChoices(root_ / "first");
  ASSERT_TRUE(written.ok()) << written.status().message();
  EXPECT_EQ(written->steps, summary->step);
  EXPECT_FALSE(written->time_s);
  const RunSummary again = Train(*written, root_ / "second");
  EXPECT_EQ(again.step, summary->step);
  const auto first = OpenModel(root_ / "first@latest"), second = OpenModel(root_ / "second@latest");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(WeightHash(first->stored), WeightHash(second->stored));
  EXPECT_EQ(ReadText(root_ / "first/config.toml"), ReadText(root_ / "second/config.toml"));
}

TEST_F(ActiveRunTest, DirectoryThatHoldsSomething_IsLeftAlone) {
  const auto run = PrepareRun(Tiny(), MonotonicSeconds(), listener_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  const std::string mine = root_.Write("mine.txt", "precious");
  EXPECT_EQ(MakeRunDirectory(files_, root_.path(), *run).status().code(), Code::kUsage);
  EXPECT_EQ(ReadText(mine), "precious");
}

TEST_F(ActiveRunTest, RunThatCannotBegin_LeavesNothing) {
  const auto run = PrepareRun(Tiny(), MonotonicSeconds(), listener_);
  ASSERT_TRUE(run.ok()) << run.status().message();
  FailingFileSystem failing(files_);
  for (uint64_t call = 1; call < 12; ++call) {
    failing.Heal();
    Result<NewRunDirectory> made = MakeRunDirectory(failing, root_ / "new/run", *run);
    ASSERT_TRUE(made.ok()) << made.status().message();
    failing.FailAt(call, FailingFileSystem::Mode::kOnce);
    EXPECT_FALSE(ActiveRun::Begin(*run, *std::move(made), failing, {listener_, control_}).ok()) << call;
    EXPECT_FALSE(PathExists(root_ / "new")) << call;
  }
}

TEST_F(ActiveRunTest, MoreItemsThanAStepMayHave_AreRefusedBeforeThereIsADirectory) {
  RunChoices choices = Tiny();
  choices.batch = 5000, choices.item = 1;
  const Status status = PrepareRun(choices, MonotonicSeconds(), listener_).status();
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("`item`"));
}

// Both saw an empty directory; the other one has begun and ended before this one came to its lock.
TEST_F(ActiveRunTest, AnotherTrainingThatBeganAndEndedMeanwhile_KeepsItsDirectory) {
  const std::string directory = root_ / "run";
  const auto late = PrepareRun(Tiny(), MonotonicSeconds(), listener_);
  ASSERT_TRUE(late.ok()) << late.status().message();
  Result<NewRunDirectory> made = MakeRunDirectory(files_, directory, *late);
  ASSERT_TRUE(made.ok()) << made.status().message();
  Train(Tiny(), directory);
  const auto refused = ActiveRun::Begin(*late, *std::move(made), files_, {listener_, control_});
  EXPECT_EQ(refused.status().code(), Code::kUsage);
  EXPECT_THAT(refused.status().message(), HasSubstr("another training began there"));
  EXPECT_TRUE(OpenModel(directory).ok());
}

}  // namespace
}  // namespace cllm
