#include "run/run_removal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "run/testing/trained_runs.h"
#include "store/run_directory.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class RunRemovalTest : public TrainedRuns {
 protected:
  void SetUp() override { Train(Tiny(), "a"); }
  Status Refusal(const std::vector<std::string>& paths) { return RunsToRemove(paths).status(); }
  Result<RemovedRun> Remove(const std::string& path, FileSystem& files) {
    CLLM_ASSIGN(const std::vector<RunRecord> runs, RunsToRemove({path}));
    return RemoveRun(files, runs.front());
  }
};

TEST_F(RunRemovalTest, Run_GoesWhole) {
  const auto removed = Remove(root_ / "a/", files_);
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_GT(removed->bytes, 0u);
  EXPECT_THAT(removed->others, IsEmpty());
  EXPECT_FALSE(PathExists(root_ / "a"));
  EXPECT_TRUE(PathExists(root_ / "text.txt"));
}

TEST_F(RunRemovalTest, WhatNoRunWrote_Stays) {
  root_.Write("a/notes.md", "mine");
  const auto removed = Remove(root_ / "a", files_);
  ASSERT_TRUE(removed.ok()) << removed.status().message();
  EXPECT_THAT(removed->others, ElementsAre("notes.md"));
  EXPECT_EQ(ReadText(root_ / "a/notes.md"), "mine");
  EXPECT_FALSE(PathExists(root_ / "a/checkpoints"));
}

TEST_F(RunRemovalTest, DamagedRun_CanGo) {
  WriteText(root_ / "a/config.toml", "text = [");
  EXPECT_TRUE(Remove(root_ / "a", files_).ok());
  EXPECT_FALSE(PathExists(root_ / "a"));
}

TEST_F(RunRemovalTest, RunThatIsWritten_IsRefused) {
  const Result<RunLock> lock = RunLock::Acquire(root_ / "a");
  ASSERT_TRUE(lock.ok());
  const Status status = Refusal({root_ / "a"});
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("is writing this run"));
  // It began between the question and the answer.
  EXPECT_EQ(RemoveRun(files_, Read("a")).status().code(), Code::kUsage);
  EXPECT_TRUE(PathExists(root_ / "a/checkpoints"));
}

TEST_F(RunRemovalTest, WhatIsNoRun_IsLeftAlone) {
  root_.Write("project/config.toml", "title = 'mine'\n");
  root_.Write("project/checkpoints/mine.txt", "precious");
  root_.Write("damaged/config.toml", "title = [");
  root_.Write("damaged/checkpoints/step-1/mine.txt", "precious");
  fs::create_directory_symlink(root_ / "a", root_ / "link");
  EXPECT_EQ(Refusal({root_ / "project"}).code(), Code::kBadInput);
  EXPECT_EQ(Refusal({root_ / "damaged"}).code(), Code::kBadInput);
  EXPECT_EQ(Refusal({root_ / "nothing"}).code(), Code::kBadInput);
  EXPECT_EQ(Refusal({root_ / "text.txt"}).code(), Code::kBadInput);
  EXPECT_EQ(Refusal({root_.path()}).code(), Code::kBadInput);
  EXPECT_EQ(Refusal({root_ / "link"}).code(), Code::kUsage);
  EXPECT_EQ(Refusal({root_ / "link/"}).code(), Code::kUsage);
  EXPECT_EQ(Refusal({root_ / "a", root_ / "x/../a"}).code(), Code::kBadInput);
  EXPECT_EQ(Refusal({root_ / "a", root_ / "./a"}).code(), Code::kUsage);
}

// Whatever fails on the way, what is left is still a run that can be removed, or nothing.
TEST_F(RunRemovalTest, InterruptedRemoval_CanBeDoneAgain) {
  FailingFileSystem failing(files_);
  bool whole = false;
  for (uint64_t call = 1; !whole; ++call) {
    fs::remove_all(root_ / "a");
    Train(Tiny(), "a");
    failing.FailAt(call, FailingFileSystem::Mode::kFromThen);
    whole = Remove(root_ / "a", failing).ok();
    failing.Heal();
    if (!whole && PathExists(root_ / "a/config.toml")) {
      EXPECT_TRUE(Remove(root_ / "a", failing).ok()) << call;
    }
    call += call / 3;
  }
  EXPECT_FALSE(PathExists(root_ / "a"));
}

}  // namespace
}  // namespace cllm
