#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "base/testing/temporary_directory.h"
#include "store/testing/checkpoint_fixture.h"

// A process that is killed before and after each system call of a save.
namespace cllm {
namespace {

constexpr int kUntraceable = 77;

class KilledSaveTest : public testing::Test {
 protected:
  // In a child: waits to be traced, saves step 2, ends.
  [[noreturn]] void SaveTraced() {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(kUntraceable);
    raise(SIGSTOP);
    _exit(checkpoints_.Save(2, FilesOf(2)).ok() ? 0 : 1);
  }

  // Lets a child make half of `stops` system calls (each stops it twice, before and after) and kills it. Returns its
  // wait status: of an exit if the save needed fewer.
  int SaveKilledAt(uint64_t stops) {
    const pid_t child = fork();
    if (child == 0) SaveTraced();
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFSTOPPED(status)) return status;
    ptrace(PTRACE_SETOPTIONS, child, nullptr, PTRACE_O_EXITKILL);
    for (uint64_t stop = 0; stop <= stops && WIFSTOPPED(status); ++stop) {
      ptrace(PTRACE_SYSCALL, child, nullptr, nullptr);
      waitpid(child, &status, 0);
    }
    if (!WIFSTOPPED(status)) return status;
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    return status;
  }

  TemporaryDirectory folder_;
  PosixFileSystem files_;
  Checkpoints checkpoints_{files_, folder_.path()};
};

TEST_F(KilledSaveTest, AtEachSystemCall_ACheckpointIsGood) {
  ASSERT_TRUE(checkpoints_.Save(1, FilesOf(1)).ok());
  uint64_t stops = 0, unpublished = 0;
  for (;; ++stops) {
    std::filesystem::remove_all(checkpoints_.Directory(2));
    ASSERT_TRUE(ReplaceSymlink(files_, "checkpoints/step-1", folder_ / "latest").ok());
    const int status = SaveKilledAt(stops);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kUntraceable) GTEST_SKIP() << "processes cannot be traced here";
    const Result<FoundCheckpoint> found = checkpoints_.NewestValid();
    ASSERT_TRUE(found.ok()) << "stop " << stops << ": " << found.status().message();
    EXPECT_TRUE(found->skipped.empty()) << stops;
    EXPECT_TRUE(VerifyCheckpoint(folder_ / "latest").ok()) << stops;
    unpublished += found->step == 1;
    if (WIFSIGNALED(status)) continue;
    ASSERT_TRUE(WIFEXITED(status)) << stops;
    ASSERT_EQ(WEXITSTATUS(status), 0) << "the child's own save failed";
    EXPECT_EQ(found->step, 2u);
    break;
  }
  std::printf("killed before and after each of %d system calls of a save\n", static_cast<int>(stops / 2));
  RecordProperty("system_calls", static_cast<int>(stops / 2));
  EXPECT_GT(stops / 2, 30u);
  EXPECT_GT(unpublished, 30u);
  EXPECT_LT(unpublished, stops);
}

}  // namespace
}  // namespace cllm
