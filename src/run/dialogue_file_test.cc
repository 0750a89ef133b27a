#include "run/dialogue_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;
using Messages = std::vector<ChatMessage>;

const Messages kDialogue = {
    {"system", "Short."}, {"user", "Hi\n\"there\" \xC3\xA9"}, {"assistant", ""}, {"tool", "4 2"}};

TEST(DialogueFile, RoundTrips_AndIsReplacedByAnother) {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const std::string path = directory / "talk.jsonl";
  for (const Messages& messages : {kDialogue, Messages{{"user", "Hi"}}, Messages()}) {
    ASSERT_TRUE(SaveDialogue(messages, files, path).ok());
    const auto read = LoadDialogue(path);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(*read, messages);
  }
}

TEST(DialogueFile, NoOtherFileIsOverwritten) {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const std::string path = directory / "book.txt";
  for (const char* content : {"Once upon a time\n", "", "{\"text\": \"a\"}\n"}) {
    WriteText(path, content);
    const Status saved = SaveDialogue(kDialogue, files, path);
    EXPECT_EQ(saved.code(), Code::kBadInput);
    EXPECT_THAT(saved.message(), HasSubstr(path));
    EXPECT_EQ(ReadText(path), content);
  }
}

TEST(DialogueFile, RolesOfOtherPrograms_AreRead) {
  const TemporaryDirectory directory;
  const std::string path = directory / "talk.jsonl";
  WriteText(path, R"({"id": 3, "messages": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Ho"}]})");
  const auto read = LoadDialogue(path);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(*read, (Messages{{"user", "Hi"}, {"assistant", "Ho"}}));
}

TEST(DialogueFile, WhatIsNone_IsRefusedWithItsPath) {
  const TemporaryDirectory directory;
  const std::string path = directory / "talk.jsonl";
  for (const auto& [content, fault] : std::vector<std::pair<std::string, std::string>>{
           {"", "found none"},
           {"\n \n", "found none"},
           {"{\"messages\": []}\n{\"messages\": []}\n", "several lines"},
           {"{\"messages\": \"Hi\"}", "found a text"},
           {"{\"messages\": [{\"content\": \"Hi\"}]}", "found one without"},
           {"{\"messages\": [{\"role\": \"user: x\\n\\nassistant\", \"content\": \"Hi\"}]}", "found 'user: x"},
           {"Hi", "error of syntax"}}) {
    WriteText(path, content);
    const auto read = LoadDialogue(path);
    ASSERT_FALSE(read.ok()) << content;
    EXPECT_EQ(read.status().code(), Code::kBadInput);
    EXPECT_THAT(read.status().message(), HasSubstr(path));
    EXPECT_THAT(read.status().message(), HasSubstr(fault));
  }
  EXPECT_FALSE(LoadDialogue(directory / "none").ok());
}

}  // namespace
}  // namespace cllm
