#include "run/run_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "base/units.h"
#include "run/run_config.h"
#include "run/testing/trained_runs.h"
#include "store/checkpoint.h"
#include "store/config_file.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunRecordTest : public TrainedRuns {};

TEST_F(RunRecordTest, FinishedRun_SaysWhatCameOfIt) {
  const RunSummary summary = Train(Tiny(), "a");
  const RunRecord record = Read("a");
  EXPECT_EQ(record.condition, RunCondition::kFinished);
  EXPECT_EQ(record.reason, "");
  EXPECT_EQ(record.step, 12u);
  EXPECT_EQ(record.planned, 12u);
  EXPECT_EQ(record.tokens, 12u * 4 * 8);
  EXPECT_EQ(record.tokenizer, "bytes");
  EXPECT_GT(record.parameters, 259u * 8);
  EXPECT_EQ(record.Text(), root_ / "text.txt");
  ASSERT_TRUE(record.score.has_value());
  EXPECT_EQ(record.score->bits_per_byte, summary.bits_per_byte);
  EXPECT_EQ(record.score->step, summary.best_step);
  EXPECT_TRUE(record.score->whole);
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root_ / "a")) {
    if (entry.is_regular_file() && !entry.is_symlink()) bytes += entry.file_size();
  }
  EXPECT_GE(record.disk_bytes, bytes);
}

TEST_F(RunRecordTest, StoppedRun_HasTheScoreOfASample) {
  stop_after_ = 7;
  Train(Tiny(), "a");
  const RunRecord record = Read("a");
  EXPECT_EQ(record.condition, RunCondition::kStopped);
  EXPECT_EQ(record.step, 7u);
  EXPECT_EQ(record.planned, 12u);
  ASSERT_TRUE(record.score.has_value());
  EXPECT_FALSE(record.score->whole);
  EXPECT_EQ(record.score->step, 6u);
}

// Of a run by time nobody knows the total before its end is decided.
TEST_F(RunRecordTest, StoppedRunByTime_SaysWhatIsLeft_NotATotal) {
  RunChoices choices = Tiny();
  choices.steps.reset();
  choices.time_s = 60;
  stop_after_ = 7;
  Train(choices, "a");
  const RunRecord record = Read("a");
  EXPECT_EQ(record.condition, RunCondition::kStopped);
  EXPECT_EQ(record.step, 7u);
  ASSERT_TRUE(record.time_left_s.has_value());
  EXPECT_GT(*record.time_left_s, 0);
  EXPECT_LE(*record.time_left_s, 60);
  EXPECT_EQ(record.Steps(), "7 (" + FormatDuration(*record.time_left_s) + " left)");
}

// The checkpoint is older than the decision.
TEST_F(RunRecordTest, StoppedRunByTime_WhoseEndIsConfigured_HasATotal) {
  RunChoices choices = Tiny();
  choices.steps.reset();
  choices.time_s = 60;
  stop_after_ = 7;
  Train(choices, "a");
  Result<RunChoices> configured = ReadRunChoices(root_ / "a");
  ASSERT_TRUE(configured.ok());
  configured->steps = configured->pace.back().step + 50;
  configured->pace.push_back({*configured->steps, 1});
  configured->time_s.reset();
  WriteText(root_ / "a/config.toml", WriteConfig(ToEntries(*configured)));
  const RunRecord record = Read("a");
  EXPECT_FALSE(record.time_left_s.has_value());
  EXPECT_EQ(record.condition, RunCondition::kStopped);
  EXPECT_EQ(record.Steps(), "7 of " + std::to_string(*configured->steps));
}

TEST_F(RunRecordTest, RunOfNamedSteps_HasATotal) {
  stop_after_ = 7;
  Train(Tiny(), "a");
  EXPECT_EQ(Read("a").Steps(), "7 of 12");
  EXPECT_FALSE(Read("a").time_left_s.has_value());
}

// Killed in the last evaluation: all steps are done, the end is not.
TEST_F(RunRecordTest, RunWithoutItsEnd_IsStopped) {
  Train(Tiny(), "a");
  std::string log = ReadText(root_ / "a/log.jsonl");
  log.resize(log.find("{\"event\":\"run_end\""));
  WriteText(root_ / "a/log.jsonl", log);
  EXPECT_EQ(Read("a").condition, RunCondition::kStopped);
}

TEST_F(RunRecordTest, RunThatPatienceEnded_IsFinished) {
  RunChoices choices = Tiny();
  choices.steps = 400, choices.eval_every = 2, choices.patience = 2, choices.warmup = 1;
  choices.rate = 0.3, choices.embedding_rate = 0.3;
  Train(choices, "a");
  const RunRecord record = Read("a");
  EXPECT_EQ(record.condition, RunCondition::kFinished);
  EXPECT_EQ(record.reason, "patience");
  EXPECT_LT(record.step, 400u);
}

TEST_F(RunRecordTest, RunThatIsWritten_IsRunning) {
  Train(Tiny(), "a");
  const Result<RunLock> lock = RunLock::Acquire(root_ / "a");
  ASSERT_TRUE(lock.ok());
  EXPECT_EQ(Read("a").condition, RunCondition::kRunning);
}

TEST_F(RunRecordTest, DamagedNewestCheckpoint_LeavesAnEarlierOne) {
  Train(Tiny(), "a");
  PosixFileSystem files;
  fs::resize_file(Checkpoints(files, root_ / "a").Directory(12) + "/optimizer.safetensors", 10);
  const RunRecord record = Read("a");
  EXPECT_EQ(record.condition, RunCondition::kStopped);
  EXPECT_EQ(record.step, 10u);
  EXPECT_EQ(record.reason, "newest checkpoint damaged");
}

TEST_F(RunRecordTest, DamagedRuns_SayWhatIsDamaged) {
  for (const char* name : {"a", "b", "c", "d"}) Train(Tiny(), name);
  WriteText(root_ / "a/config.toml", "text = [");
  fs::remove_all(root_ / "b/checkpoints");
  fs::remove(root_ / "c/tokenizer.json");
  for (const auto& entry : fs::directory_iterator(root_ / "d/checkpoints")) {
    WriteText(entry.path().string() + "/manifest.json", "{}");
  }
  const auto reason = [&](const char* name) {
    const RunRecord record = Read(name);
    EXPECT_EQ(record.condition, RunCondition::kDamaged) << name;
    return record.reason;
  };
  EXPECT_THAT(reason("a"), HasSubstr("config.toml"));
  EXPECT_THAT(reason("b"), HasSubstr("no checkpoint"));
  EXPECT_THAT(reason("c"), HasSubstr("tokenizer.json"));
  EXPECT_THAT(reason("d"), HasSubstr("manifest.json"));
}

TEST_F(RunRecordTest, NoRun_IsAnError) {
  EXPECT_EQ(ReadRunRecord(root_ / "nothing").status().code(), Code::kBadInput);
  EXPECT_EQ(ReadRunRecord(root_.path()).status().code(), Code::kBadInput);
}

TEST_F(RunRecordTest, FindRuns_LooksTwoLevelsDeep_AndNotIntoRuns) {
  for (const char* name : {"a", "x/b", "x/y/c", "x/y/z/too-deep", ".hidden/d", "a/checkpoints/e"}) Train(Tiny(), name);
  fs::create_directory_symlink(root_ / "a", root_ / "link");
  const auto runs = FindRuns(root_.path());
  ASSERT_TRUE(runs.ok()) << runs.status().message();
  std::vector<std::string> names;
  for (const RunRecord& run : *runs) names.push_back(run.path.substr(root_.path().size() + 1));
  EXPECT_THAT(names, testing::UnorderedElementsAre("a", "x/b", "x/y/c"));
  EXPECT_EQ(FindRuns(root_ / "x/b")->size(), 1u) << "a run itself";
  EXPECT_THAT(*FindRuns(root_ / "cache"), IsEmpty());
  EXPECT_EQ(FindRuns(root_ / "nothing").status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
