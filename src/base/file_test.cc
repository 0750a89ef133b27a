#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

class File : public testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& text) { return directory_.Write(name, text); }
  const TemporaryDirectory directory_;
  const std::string folder_ = directory_.path();
};

void ExpectBadInput(const Status& status, const std::string& path, const std::string& text) {
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_NE(status.message().find(path), std::string::npos) << status.message();
  EXPECT_NE(status.message().find(text), std::string::npos) << status.message();
}

TEST_F(File, ReadFile_WholeFile_AtTheLimit) {
  const std::string text = std::string("a\0b\xff\n", 5) + std::string(100000, 'x');
  const std::string path = Write("a", text);
  EXPECT_EQ(*ReadFile(path, text.size()), text);
  EXPECT_EQ(*ReadFile(Write("empty", ""), 0), "");
  EXPECT_EQ(*FileSize(path), text.size());
}

TEST_F(File, ReadFile_Wrong_SaysWhatWasFound) {
  ExpectBadInput(ReadFile(Write("long", "12345"), 4).status(), "long", "at most 4 bytes");
  ExpectBadInput(ReadFile(folder_ + "/absent", 10).status(), "absent", "No such file");
  ExpectBadInput(ReadFile(folder_, 10).status(), folder_, "found a directory");
  ExpectBadInput(FileSize(folder_).status(), folder_, "found a directory");
  ExpectBadInput(ReadFile("/dev/zero", 1000).status(), "/dev/zero", "at most 1000 bytes");
  if (geteuid() != 0) {
    const std::string path = Write("secret", "x");
    chmod(path.c_str(), 0);
    ExpectBadInput(ReadFile(path, 10).status(), "secret", "Permission denied");
  }
}

TEST_F(File, ReadFile_SizeUnknownBeforehand_IsReadToTheEnd) {
  EXPECT_NE(ReadFile("/proc/self/status", 1 << 20).value().find("VmRSS"), std::string::npos);
}

TEST_F(File, HashFile_IsTheHashOfItsBytes) {
  const std::string text(3'000'001, 'h');
  EXPECT_EQ(*HashFile(Write("a", text)), HashBytes(AsBytes(text)));
  EXPECT_EQ(*HashFile(Write("empty", "")), HashBytes({}));
  ExpectBadInput(HashFile(folder_ + "/absent").status(), "absent", "No such file");
  ExpectBadInput(HashFile(folder_).status(), folder_, "found a directory");
}

TEST_F(File, MappedFile_ShowsTheBytes) {
  Result<MappedFile> file = MappedFile::Open(Write("a", "hello"));
  ASSERT_TRUE(file.ok());
  MappedFile moved = *std::move(file);
  EXPECT_EQ(AsText(moved.bytes()), "hello");
  moved = *MappedFile::Open(Write("b", "other"));
  EXPECT_EQ(AsText(moved.bytes()), "other");
  EXPECT_EQ(moved.path(), folder_ + "/b");
}

TEST_F(File, MappedFile_Wrong_SaysWhatWasFound) {
  ExpectBadInput(MappedFile::Open(folder_ + "/absent").status(), "absent", "No such file");
  ExpectBadInput(MappedFile::Open(folder_).status(), folder_, "found a directory");
  ExpectBadInput(MappedFile::Open(Write("empty", "")).status(), "empty", "is empty");
  ASSERT_EQ(mkfifo((folder_ + "/pipe").c_str(), 0600), 0);
  ExpectBadInput(MappedFile::Open(folder_ + "/pipe").status(), "pipe", "found a pipe");
}

TEST_F(File, Exists_FollowsSymlinks) {
  const std::string path = Write("a", "");
  std::filesystem::create_symlink("a", folder_ + "/link");
  std::filesystem::create_symlink("absent", folder_ + "/dangling");
  EXPECT_TRUE(PathExists(folder_ + "/link"));
  EXPECT_FALSE(PathExists(folder_ + "/dangling"));
  EXPECT_TRUE(IsDirectory(folder_));
  EXPECT_FALSE(IsDirectory(path));
}

}  // namespace
}  // namespace cllm
