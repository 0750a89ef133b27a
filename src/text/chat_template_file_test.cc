#include "text/chat_template_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "base/path.h"
#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(ChatTemplateFile, RoundTrips_AndItsAbsenceIsNoError) {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const auto none = LoadChatTemplate(directory.path());
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(*none, nullptr);
  ASSERT_TRUE(SaveChatTemplate(kPlainChat, files, directory.path()).ok());
  const auto read = LoadChatTemplate(directory.path());
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ((*read)->id, "plain");
}

TEST(ChatTemplateFile, WhatItDoesNotKnow_IsRefusedWithItsPath) {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const std::string path = JoinPath(directory.path(), kChatTemplateFileName);
  for (const auto& [content, fault] : std::vector<std::pair<std::string, std::string>>{
           {R"({"format": 2, "id": "plain", "template": ""})", "format"},
           {R"({"format": 1, "id": "other", "template": ""})", "'other' is not known"},
           {R"({"format": 1, "id": "plain", "template": "{{ system('ls') }}"})", "'plain' is not known"},
           {R"({"format": 1, "id": "plain"})", "template"},
           {R"({"format": 1, "id": 7, "template": ""})", "id"},
           {"[]", ""},
           {"", ""}}) {
    ASSERT_TRUE(AtomicWriteFile(files, path, AsBytes(content)).ok());
    const auto read = LoadChatTemplate(directory.path());
    ASSERT_FALSE(read.ok()) << content;
    EXPECT_EQ(read.status().code(), Code::kBadInput);
    EXPECT_THAT(read.status().message(), HasSubstr(path));
    EXPECT_THAT(read.status().message(), HasSubstr(fault));
  }
}

}  // namespace
}  // namespace cllm
