#include "store/run_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

#include "base/file.h"
#include "base/system.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using testing::HasSubstr;

class RunDirectoryTest : public testing::Test {
 protected:
  TemporaryDirectory folder_;
  PosixFileSystem files_;
};

TEST_F(RunDirectoryTest, Create_NewOrEmpty_IsMade) {
  const std::string path = folder_ / "a/b";
  ASSERT_TRUE(CreateRunDirectory(files_, path).ok());
  EXPECT_TRUE(IsDirectory(path));
  EXPECT_TRUE(CreateRunDirectory(files_, path).ok()) << "empty";
}

TEST_F(RunDirectoryTest, Create_NotEmpty_IsUsageAndLeftAlone) {
  WriteText(folder_ / "notes.txt", "mine");
  Status status = CreateRunDirectory(files_, folder_.path());
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr(folder_.path()));
  EXPECT_THAT(status.message(), HasSubstr("'notes.txt'"));
  EXPECT_THAT(status.message(), HasSubstr("(out)"));
  WriteText(folder_ / "config.toml", "");
  status = CreateRunDirectory(files_, folder_.path());
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr(folder_.path() + ": a run is already there; resume it"));
  EXPECT_EQ(ReadText(folder_ / "notes.txt"), "mine");
  status = CreateRunDirectory(files_, folder_ / "notes.txt");
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("found a file"));
  EXPECT_EQ(CreateRunDirectory(files_, "").code(), Code::kUsage);
}

TEST_F(RunDirectoryTest, CreateNumberedRun_CountsOn) {
  const std::string runs = folder_ / "runs";
  EXPECT_EQ(*CreateNumberedRun(files_, runs, "dir/tiny shakespeare.txt.gz"), runs + "/tiny-shakespeare-1");
  EXPECT_EQ(*CreateNumberedRun(files_, runs, "tiny-shakespeare.md"), runs + "/tiny-shakespeare-2");
  ASSERT_TRUE(files_.MakeDirectory(runs + "/tiny-shakespeare-41").ok());
  EXPECT_EQ(*CreateNumberedRun(files_, runs, "tiny shakespeare"), runs + "/tiny-shakespeare-42");
  EXPECT_EQ(*CreateNumberedRun(files_, runs, "-"), runs + "/run-1");
  EXPECT_EQ(*CreateNumberedRun(files_, runs, ""), runs + "/run-2");
  EXPECT_EQ(*CreateNumberedRun(files_, runs, "../*"), runs + "/run-3");
  EXPECT_EQ(*CreateNumberedRun(files_, runs, "Bücher.txt"), runs + "/Bücher-1");
}

TEST_F(RunDirectoryTest, CreateNumberedRun_OfAFolder_HasItsWholeName) {
  const std::string runs = folder_ / "runs", texts = folder_ / "python3.11";
  ASSERT_TRUE(files_.MakeDirectory(texts).ok());
  EXPECT_EQ(*CreateNumberedRun(files_, runs, texts), runs + "/python3-11-1");
  EXPECT_EQ(*CreateNumberedRun(files_, runs, texts + "/"), runs + "/python3-11-2");
}

TEST_F(RunDirectoryTest, Check_SaysWhatIsThere) {
  EXPECT_THAT(CheckRunDirectory(folder_ / "absent").message(), HasSubstr("found nothing"));
  EXPECT_THAT(CheckRunDirectory(folder_.path()).message(), HasSubstr("without config.toml"));
  WriteText(folder_ / "config.toml", "");
  EXPECT_THAT(CheckRunDirectory(folder_ / "config.toml").message(), HasSubstr("found a file"));
  EXPECT_TRUE(CheckRunDirectory(folder_.path()).ok());
}

TEST_F(RunDirectoryTest, Lock_Held_IsRefusedUntilReleased) {
  {
    Result<RunLock> first = RunLock::Acquire(folder_.path());
    ASSERT_TRUE(first.ok());
    const Result<RunLock> second = RunLock::Acquire(folder_.path());
    EXPECT_EQ(second.status().code(), Code::kUsage);
    EXPECT_THAT(second.status().message(), HasSubstr("process " + std::to_string(getpid()) + " on " + HostName()));
    const RunLock moved = *std::move(first);
    EXPECT_FALSE(RunLock::Acquire(folder_.path()).ok());
  }
  EXPECT_TRUE(RunLock::Acquire(folder_.path()).ok());
}

TEST_F(RunDirectoryTest, Lock_OfAnotherProcess_IsHeldUntilItIsKilled) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const Result<RunLock> lock = RunLock::Acquire(folder_.path());
    const char byte = lock.ok() ? 'y' : 'n';
    if (write(ready[1], &byte, 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  const Result<RunLock> held = RunLock::Acquire(folder_.path());
  EXPECT_THAT(held.status().message(), HasSubstr("process " + std::to_string(child) + " on"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(ReadText(folder_ / "lock"), std::to_string(child) + " " + HostName() + "\n") << "left behind";
  EXPECT_TRUE(RunLock::Acquire(folder_.path()).ok()) << "taken over";
  close(ready[0]);
  close(ready[1]);
}

TEST_F(RunDirectoryTest, Lock_StrangeText_DoesNotMatter) {
  for (const std::string text : {"", "x", "999999999999999999999 h", "-1 h", "12", "1 \n"}) {
    WriteText(folder_ / "lock", text);
    EXPECT_TRUE(RunLock::Acquire(folder_.path()).ok()) << text;
  }
  EXPECT_EQ(RunLock::Acquire(folder_ / "absent").status().code(), Code::kFailed);
}

TEST_F(RunDirectoryTest, Holder_NamesTheProcess_AndDisturbsNobody) {
  EXPECT_EQ(RunLock::Holder(folder_.path()), "");
  {
    const Result<RunLock> lock = RunLock::Acquire(folder_.path());
    ASSERT_TRUE(lock.ok());
    EXPECT_EQ(RunLock::Holder(folder_.path()), "process " + std::to_string(getpid()) + " on " + HostName());
    EXPECT_FALSE(RunLock::Acquire(folder_.path()).ok());
  }
  EXPECT_EQ(RunLock::Holder(folder_.path()), "");
  EXPECT_TRUE(RunLock::Acquire(folder_.path()).ok());
}

// Somebody who only looks holds the lock for a moment, without a name.
TEST_F(RunDirectoryTest, Acquire_WaitsForWhoOnlyLooks) {
  { ASSERT_TRUE(RunLock::Acquire(folder_.path()).ok()); }
  std::atomic<bool> stop = false;
  std::jthread looks([&] {
    while (!stop) RunLock::Holder(folder_.path());
  });
  for (int i = 0; i < 200; ++i) {
    const Result<RunLock> lock = RunLock::Acquire(folder_.path());
    EXPECT_TRUE(lock.ok()) << lock.status().message();
  }
  stop = true;
}

TEST_F(RunDirectoryTest, LooksLikeRun_FromItsStartOn) {
  EXPECT_FALSE(LooksLikeRun(folder_ / "nothing"));
  folder_.Write("other/config.toml", "");
  EXPECT_FALSE(LooksLikeRun(folder_ / "other"));
  folder_.Write("other/log.jsonl", "");
  EXPECT_TRUE(LooksLikeRun(folder_ / "other"));
}

}  // namespace
}  // namespace cllm
