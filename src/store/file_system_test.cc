#include "store/file_system.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class FileSystemTest : public testing::Test {
 protected:
  TemporaryDirectory folder_;
  PosixFileSystem files_;
};

TEST_F(FileSystemTest, Create_WritesAndEmpties) {
  const std::string path = folder_ / "a";
  WriteText(path, "a longer text that was there");
  const auto file = *files_.Create(path);
  ASSERT_TRUE(file->Append(AsBytes("one ")).ok());
  ASSERT_TRUE(file->Append(AsBytes("two")).ok());
  ASSERT_TRUE(file->Sync().ok());
  ASSERT_TRUE(file->Close().ok());
  EXPECT_EQ(ReadText(path), "one two");
  ASSERT_TRUE((*files_.OpenAppend(path))->Append(AsBytes("!")).ok());
  EXPECT_EQ(ReadText(path), "one two!");
  ASSERT_TRUE(files_.Truncate(path, 3).ok());
  EXPECT_EQ(ReadText(path), "one");
}

TEST_F(FileSystemTest, Errors_AreFailedAndNameThePath) {
  const std::string absent = folder_ / "absent/x";
  const std::vector<Status> errors = {
      files_.Create(absent).status(), files_.OpenAppend(absent).status(), files_.Truncate(absent, 1),
      files_.Rename(absent, absent),  files_.Exchange(absent, absent),    files_.SyncDirectory(absent),
      files_.Remove(absent),          files_.MakeSymlink("t", absent),    files_.ReadSymlink(absent).status(),
      files_.List(absent).status(),   files_.FreeBytes(absent).status()};
  for (const Status& status : errors) {
    EXPECT_EQ(status.code(), Code::kFailed);
    EXPECT_THAT(status.message(), HasSubstr(absent));
    EXPECT_THAT(status.message(), HasSubstr("No such file or directory"));
  }
}

TEST_F(FileSystemTest, Append_FullDevice_IsFailed) {
  const auto file = files_.Create("/dev/full");
  if (!file.ok()) GTEST_SKIP() << "no /dev/full";
  const Status status = (*file)->Append(AsBytes("x"));
  EXPECT_EQ(status.code(), Code::kFailed);
  EXPECT_THAT(status.message(), HasSubstr("No space left on device"));
}

TEST_F(FileSystemTest, MakeDirectory_WithParents_SaysWhetherItWasMade) {
  EXPECT_TRUE(*files_.MakeDirectory(folder_ / "a/b/c/"));
  EXPECT_FALSE(*files_.MakeDirectory(folder_ / "a/b/c"));
  WriteText(folder_ / "file", "");
  EXPECT_EQ(files_.MakeDirectory(folder_ / "file").status().code(), Code::kFailed);
  EXPECT_EQ(files_.MakeDirectory(folder_ / "file/a").status().code(), Code::kFailed);
}

TEST_F(FileSystemTest, Exchange_DirectoriesTakeEachOthersName) {
  ASSERT_TRUE(files_.MakeDirectory(folder_ / "a").ok());
  ASSERT_TRUE(files_.MakeDirectory(folder_ / "b").ok());
  WriteText(folder_ / "a/x", "");
  WriteText(folder_ / "b/y", "");
  ASSERT_TRUE(files_.Exchange(folder_ / "a", folder_ / "b").ok());
  EXPECT_THAT(*files_.List(folder_ / "a"), ElementsAre("y"));
  ASSERT_TRUE(ExchangeByRenames(files_, folder_ / "a", folder_ / "b").ok());
  EXPECT_THAT(*files_.List(folder_ / "a"), ElementsAre("x"));
  EXPECT_THAT(*files_.List(folder_ / "b"), ElementsAre("y"));
  EXPECT_THAT(*files_.List(folder_.path()), ElementsAre("a", "b"));
}

TEST_F(FileSystemTest, ExchangeByRenames_FirstOrSecondFails_BothAsBefore) {
  WriteText(folder_ / "a", "first");
  WriteText(folder_ / "b", "second");
  FailingFileSystem failing(files_);
  for (uint64_t call = 0; call < 2; ++call) {
    failing.FailAt(call, FailingFileSystem::Mode::kOnce);
    EXPECT_FALSE(ExchangeByRenames(failing, folder_ / "a", folder_ / "b").ok());
    EXPECT_EQ(ReadText(folder_ / "a"), "first") << call;
    EXPECT_EQ(ReadText(folder_ / "b"), "second") << call;
  }
}

TEST_F(FileSystemTest, RemoveTree_DoesNotFollowSymlinks) {
  ASSERT_TRUE(files_.MakeDirectory(folder_ / "keep").ok());
  WriteText(folder_ / "keep/file", "x");
  ASSERT_TRUE(files_.MakeDirectory(folder_ / "tree/deep").ok());
  WriteText(folder_ / "tree/deep/file", "x");
  ASSERT_TRUE(files_.MakeSymlink("../keep", folder_ / "tree/link").ok());
  ASSERT_TRUE(RemoveTree(files_, folder_ / "tree").ok());
  EXPECT_THAT(*files_.List(folder_.path()), ElementsAre("keep"));
  EXPECT_EQ(ReadText(folder_ / "keep/file"), "x");
}

TEST_F(FileSystemTest, AtomicWriteFile_AnyFailure_LeavesTheFormerFile) {
  const std::string path = folder_ / "a";
  FailingFileSystem failing(files_);
  uint64_t failures = 0;
  for (;; ++failures) {
    WriteText(path, "former");
    failing.FailAt(failures, FailingFileSystem::Mode::kOnce);
    const Status status = AtomicWriteFile(failing, path, AsBytes("new text"));
    if (status.ok()) break;
    EXPECT_THAT(status.message(), HasSubstr("injected"));
    const std::string text = ReadText(path);
    // Once renamed, only the directory's sync can fail.
    EXPECT_EQ(text, failures < 5 ? "former" : "new text") << failures;
    EXPECT_THAT(*files_.List(folder_.path()), ElementsAre("a")) << "a temporary file stayed at " << failures;
  }
  EXPECT_EQ(failures, 6u) << "create, write, sync, close, rename, sync of the directory";
  EXPECT_EQ(ReadText(path), "new text");
}

TEST_F(FileSystemTest, AtomicWriteFile_Killed_LeavesTheFormerFile) {
  const std::string path = folder_ / "a";
  FailingFileSystem failing(files_);
  for (uint64_t call = 0; call < 5; ++call) {
    WriteText(path, "former");
    failing.FailAt(call, FailingFileSystem::Mode::kFromThen);
    EXPECT_FALSE(AtomicWriteFile(failing, path, AsBytes("new text")).ok());
    EXPECT_EQ(ReadText(path), "former");
  }
}

TEST_F(FileSystemTest, ReplaceSymlink_NewAndExisting) {
  const std::string path = folder_ / "link";
  ASSERT_TRUE(ReplaceSymlink(files_, "first", path).ok());
  EXPECT_EQ(*files_.ReadSymlink(path), "first");
  ASSERT_TRUE(ReplaceSymlink(files_, "second", path).ok());
  EXPECT_EQ(*files_.ReadSymlink(path), "second");
  EXPECT_THAT(*files_.List(folder_.path()), ElementsAre("link"));
}

}  // namespace
}  // namespace cllm
