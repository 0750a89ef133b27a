#include "store/file_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temporary_directory.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<CheckpointFile> Group(const std::string& text) {
  return {TextFile("card.md", text + " card"), TextFile("model", text + " model")};
}

class FileGroup : public testing::Test {
 protected:
  std::vector<std::string> Names(const std::string& directory) { return *files_.List(directory); }

  TemporaryDirectory folder_;
  PosixFileSystem files_;
  const std::string target_ = folder_ / "new/target";
};

TEST_F(FileGroup, IsWritten_IntoADirectoryThatIsMade) {
  ASSERT_TRUE(WriteFileGroup(files_, target_, Group("one"), IfThere::kRefuse).ok());
  EXPECT_THAT(Names(target_), ElementsAre("card.md", "model"));
  EXPECT_EQ(ReadText(target_ + "/model"), "one model");
}

TEST_F(FileGroup, IsRefused_WhereAnyFileIsThere) {
  for (const char* there : {"card.md", "model"}) {
    const std::string directory = folder_ / ("with " + std::string(there));
    std::filesystem::create_directory(directory);
    WriteText(directory + "/" + there, "mine");
    const Status status = WriteFileGroup(files_, directory, Group("new"), IfThere::kRefuse);
    EXPECT_EQ(status.code(), Code::kUsage);
    EXPECT_THAT(status.message(), HasSubstr(directory + "/" + there));
    EXPECT_THAT(status.message(), HasSubstr("`force`"));
    EXPECT_THAT(Names(directory), ElementsAre(there));
    EXPECT_EQ(ReadText(directory + "/" + there), "mine");
  }
}

TEST_F(FileGroup, IsRefused_WhereTheDirectoryIsAFile) {
  WriteText(folder_ / "file", "mine");
  for (const IfThere if_there : {IfThere::kRefuse, IfThere::kReplace}) {
    const Status status = WriteFileGroup(files_, folder_ / "file", Group("new"), if_there);
    EXPECT_EQ(status.code(), Code::kUsage);
    EXPECT_EQ(ReadText(folder_ / "file"), "mine");
  }
}

TEST_F(FileGroup, Replaces_ItsOwnNamesOnly) {
  ASSERT_TRUE(WriteFileGroup(files_, target_, Group("one"), IfThere::kRefuse).ok());
  WriteText(target_ + "/notes", "mine");
  ASSERT_TRUE(WriteFileGroup(files_, target_, Group("two"), IfThere::kReplace).ok());
  EXPECT_THAT(Names(target_), ElementsAre("card.md", "model", "notes"));
  EXPECT_EQ(ReadText(target_ + "/card.md"), "two card");
  EXPECT_EQ(ReadText(target_ + "/notes"), "mine");
}

TEST_F(FileGroup, AnyFailure_LeavesNothingNew) {
  FailingFileSystem failing(files_);
  uint64_t failures = 0;
  for (uint64_t call = 0;; ++call) {
    failing.FailAt(call, FailingFileSystem::Mode::kOnce);
    const Status status = WriteFileGroup(failing, target_, Group("new"), IfThere::kRefuse);
    if (status.ok()) break;
    ++failures;
    EXPECT_THAT(Names(folder_.path()), IsEmpty()) << call;
  }
  EXPECT_GE(failures, 10u);  // two files: create, write, sync, close, rename
}

TEST_F(FileGroup, AnyFailure_KeepsOrReplacesWhatWasThere) {
  FailingFileSystem failing(files_);
  for (uint64_t call = 0;; ++call) {
    ASSERT_TRUE(WriteFileGroup(files_, target_, Group("one"), IfThere::kReplace).ok());
    failing.FailAt(call, FailingFileSystem::Mode::kOnce);
    const Status status = WriteFileGroup(failing, target_, Group("two"), IfThere::kReplace);
    EXPECT_THAT(Names(target_), ElementsAre("card.md", "model")) << call;
    const std::string model = ReadText(target_ + "/model");
    EXPECT_TRUE(model == "one model" || model == "two model") << call << model;
    if (status.ok()) break;
  }
}

TEST_F(FileGroup, FullDisk_IsRefusedBeforeAnythingIsWritten) {
  FailingFileSystem full(files_);
  full.SetFreeBytes(5000);
  const Status status = WriteFileGroup(full, target_, Group("new"), IfThere::kRefuse);
  EXPECT_EQ(status.code(), Code::kNoResources);
  EXPECT_THAT(status.message(), HasSubstr("free"));
  EXPECT_THAT(Names(folder_.path()), IsEmpty());
}

}  // namespace
}  // namespace cllm
