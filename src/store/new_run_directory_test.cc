#include "store/new_run_directory.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

class NewRunDirectoryTest : public testing::Test {
 protected:
  // Makes it, puts something in, and does not keep it.
  void MakeAndLeave(const std::string& path) {
    const Result<NewRunDirectory> made = NewRunDirectory::Create(files_, path);
    ASSERT_TRUE(made.ok()) << made.status().message();
    WriteText(made->path() + "/config.toml", "x");
    std::filesystem::create_directories(made->path() + "/checkpoints/step-0");
  }

  TemporaryDirectory root_;
  PosixFileSystem files_;
};

TEST_F(NewRunDirectoryTest, NotKept_GoesWithItsParents) {
  MakeAndLeave(root_ / "a/b/run");
  EXPECT_FALSE(PathExists(root_ / "a"));
  EXPECT_TRUE(PathExists(root_.path()));
}

TEST_F(NewRunDirectoryTest, NotKept_WithASlashAtItsEnd_GoesAsWell) {
  MakeAndLeave(root_ / "a/run/");
  EXPECT_FALSE(PathExists(root_ / "a"));
}

TEST_F(NewRunDirectoryTest, NotKept_LeavesParentsThatWereThere) {
  std::filesystem::create_directory(root_ / "runs");
  MakeAndLeave(root_ / "runs/mine");
  EXPECT_TRUE(PathExists(root_ / "runs"));
  EXPECT_FALSE(PathExists(root_ / "runs/mine"));
}

TEST_F(NewRunDirectoryTest, NotKept_AnEmptyDirectoryThatWasThere_IsEmptyAgain) {
  std::filesystem::create_directory(root_ / "mine");
  MakeAndLeave(root_ / "mine");
  EXPECT_TRUE(std::filesystem::is_empty(root_ / "mine"));
}

TEST_F(NewRunDirectoryTest, NotKept_ParentsThatOthersUse_Stay) {
  {
    const Result<NewRunDirectory> made = NewRunDirectory::CreateNumbered(files_, root_ / "runs", "book.txt");
    ASSERT_TRUE(made.ok());
    EXPECT_EQ(made->path(), root_ / "runs/book-1");
    root_.Write("runs/other/log.jsonl", "x");
  }
  EXPECT_FALSE(PathExists(root_ / "runs/book-1"));
  EXPECT_TRUE(PathExists(root_ / "runs/other/log.jsonl"));
}

TEST_F(NewRunDirectoryTest, Numbered_NotKept_GoesWithTheParentThatWasMade) {
  { ASSERT_TRUE(NewRunDirectory::CreateNumbered(files_, root_ / "runs", "book.txt").ok()); }
  EXPECT_FALSE(PathExists(root_ / "runs"));
}

TEST_F(NewRunDirectoryTest, Kept_Stays_AlsoWhenMoved) {
  {
    Result<NewRunDirectory> made = NewRunDirectory::Create(files_, root_ / "a/run");
    ASSERT_TRUE(made.ok());
    NewRunDirectory moved = *std::move(made);
    moved.Keep();
  }
  EXPECT_TRUE(PathExists(root_ / "a/run"));
}

TEST_F(NewRunDirectoryTest, Refused_TouchesNothing) {
  const std::string mine = root_.Write("full/mine.txt", "precious");
  EXPECT_EQ(NewRunDirectory::Create(files_, root_ / "full").status().code(), Code::kUsage);
  EXPECT_EQ(NewRunDirectory::Create(files_, mine).status().code(), Code::kUsage);
  EXPECT_EQ(ReadText(mine), "precious");
}

}  // namespace
}  // namespace cllm
