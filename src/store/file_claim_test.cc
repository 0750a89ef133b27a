#include "store/file_claim.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "base/file.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

class FileClaimTest : public testing::Test {
 protected:
  TemporaryDirectory folder_;
  std::string path_ = folder_.Write("entry", "bytes");
};

TEST_F(FileClaimTest, ClaimedFile_IsNotRemoved_UntilTheLastClaimGoes) {
  std::optional<FileClaim> first = FileClaim::Take(path_), second = FileClaim::Take(path_);
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(FileClaim::IsClaimed(path_));
  EXPECT_FALSE(FileClaim::RemoveUnclaimed(path_));
  first.reset();
  EXPECT_FALSE(FileClaim::RemoveUnclaimed(path_));
  second.reset();
  EXPECT_FALSE(FileClaim::IsClaimed(path_));
  EXPECT_TRUE(FileClaim::RemoveUnclaimed(path_));
  EXPECT_FALSE(PathExists(path_));
}

TEST_F(FileClaimTest, RenamedFile_StaysClaimed) {
  const std::optional<FileClaim> claim = FileClaim::Take(path_);
  std::filesystem::rename(path_, folder_ / "renamed");
  EXPECT_FALSE(FileClaim::RemoveUnclaimed(folder_ / "renamed"));
}

TEST_F(FileClaimTest, MissingFile_HasNoClaim) {
  EXPECT_FALSE(FileClaim::Take(folder_ / "nothing").has_value());
  EXPECT_FALSE(FileClaim::IsClaimed(folder_ / "nothing"));
  EXPECT_FALSE(FileClaim::RemoveUnclaimed(folder_ / "nothing"));
}

TEST_F(FileClaimTest, ProcessThatIsKilled_ClaimsNothingMore) {
  int claimed[2];
  ASSERT_EQ(pipe(claimed), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::optional<FileClaim> claim = FileClaim::Take(path_);
    if (write(claimed[1], claim ? "y" : "n", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(claimed[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(FileClaim::RemoveUnclaimed(path_));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(FileClaim::RemoveUnclaimed(path_));
  close(claimed[0]), close(claimed[1]);
}

}  // namespace
}  // namespace cllm
