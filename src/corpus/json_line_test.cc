#include "corpus/json_line.h"

#include <gtest/gtest.h>

#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

Result<std::string> JsonLineText(std::string_view line, const std::string& field) {
  CLLM_ASSIGN(const JsonLine read, ReadJsonLine(line, field));
  return read.Text();
}

void ExpectText(const std::string& line, const std::string& field, const std::string& expected) {
  const Result<std::string> text = JsonLineText(line, field);
  ASSERT_TRUE(text.ok()) << line << ": " << text.status().message();
  EXPECT_EQ(*text, expected) << line;
}
void ExpectBad(const std::string& line, const std::string& field, const std::vector<std::string>& parts) {
  ExpectError(JsonLineText(line, field).status(), Code::kBadInput, parts);
}

TEST(JsonLine, NestedField_IsFoundByItsDots) {
  ExpectText(R"({"data": {"text": "in", "n": 1}, "text": "out"})", "data.text", "in");
  ExpectText(R"({"text": "out", "x": {"text": "no"}, "data": {"x": {"text": "no"}, "text": "in"}})", "data.text", "in");
  ExpectText(R"({"a": {"b": {"c": "deep"}}, "b": {"c": "no"}})", "a.b.c", "deep");
  ExpectText(R"({"data.text": "whole", "n": 1})", "data.text", "whole");
  ExpectText(R"({"data": [{"text": "x"}], "text": "out"})", "text", "out");
  ExpectBad(R"({"data": {"body": "x"}})", "data.text", {"\"data.text\"", "only data"});
  ExpectBad(R"({"data": {"text": {"x": 1}}})", "data.text", {"a string", "an object"});
  ExpectBad(R"({"data": {"text": "a"}, "data.text": "b"})", "data.text", {"two"});
  ExpectBad(R"({"x": {"data": {"text": "too deep"}}})", "data.text", {"only x"});
}

TEST(JsonLine, OtherEncodings_AreToldAsSuch) {
  ExpectText("{\"text\": \"\xED\xA0\xBD half\"}", "text", "\xEF\xBF\xBD half");
  for (const std::string bytes : {"caf\xE9", "\x82\xA0", "\xC0\xAF", "\xF5\x80\x80\x80"}) {
    ExpectBad("{\"text\": \"" + bytes + "\"}", "text", {"not UTF-8 at byte 1"});
  }
}

TEST(JsonLine, ListOfMessages_ReadsAsAConversation) {
  ExpectText(R"({"messages": [{"role": "user", "content": "Hi"}, {"content": "Hello", "role": "assistant"}]})",
             "messages", "user: Hi\n\nassistant: Hello");
  ExpectText(R"({"id": 7, "messages": [{"role": "user", "content": "Hi"}]})", "text", "user: Hi");
  ExpectText(R"({"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Yes"}]})", "text",
             "human: Hi\n\ngpt: Yes");
  ExpectText(R"({"text": "first", "messages": [{"content": "no"}]})", "text", "first");
  ExpectText(R"({"d": {"log": ["one", "two"]}})", "d.log", "one\n\ntwo");
  ExpectText(R"({"m": [{"role": "user", "content": [{"type": "text", "text": "see "}, {"type": "image", "url": "no"},
                {"type": "text", "text": "this"}]}, {"role": "tool", "content": null, "calls": [{"text": "no"}]}]})",
             "m", "user: see this");
  ExpectText(R"({"m": []})", "m", "");
  ExpectBad(R"({"m": [1]})", "m", {"messages", "a number"});
}

// All that may hold the text is found in one reading; what is not needed may be anything.
TEST(JsonLine, WithoutText_MessagesBeforeConversations_WhateverTheirOrder) {
  ExpectText(R"({"conversations": ["c"], "messages": ["m"]})", "text", "m");
  ExpectText(R"({"conversations": ["c"], "messages": ["m"], "text": "t"})", "text", "t");
  ExpectText(R"({"messages": 5, "conversations": {"x": 1}, "text": "t"})", "text", "t");
  ExpectText(R"({"messages": [1, "two"], "messages": "again", "text": "t"})", "text", "t");
  ExpectText(R"({"conversations": null, "messages": "m"})", "text", "m");
  ExpectText(R"({"messages": ["m"], "conversations": [7]})", "text", "m");
  ExpectText(R"({"data": {"text": "no"}, "conversations": ["c"]})", "text", "c");
  ExpectBad(R"({"messages": 5, "conversations": ["c"]})", "text", {"\"messages\"", "a string", "a number"});
  ExpectBad(R"({"messages": ["m", 5]})", "text", {"messages in the list", "a number"});
  ExpectBad(R"({"messages": ["m"], "messages": ["m"]})", "text", {"one field \"messages\"", "two"});
  ExpectBad(R"({"text": {"messages": ["m"]}})", "text", {"\"text\"", "an object"});
  ExpectBad(R"({"messages": ["m"]})", "body", {"\"body\"", "only messages"});
}

TEST(JsonLine, AbsentField_TheFirstKeysAreTold) {
  ExpectBad(R"({})", "text", {"found none"});
  ExpectBad(R"({"a": {"b": 1, "c": [{"d": 2}]}, "e": 3})", "text", {"only a and e;"});
  ExpectBad(R"({"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0})", "text", {"only 1, 2, 3, 4, 5, 6, 7 and 8;"});
}

TEST(JsonLine, LoneSurrogates_AreReplaced) {
  ExpectText(R"({"text": "a\ud83db\ude00c\ud83d\ude00"})", "text", "a\uFFFD" "b\uFFFD" "c\U0001F600");
  ExpectText(R"({"text": "\uD83D\uD83D\uDE00"})", "text", "\uFFFD\U0001F600");
  ExpectText(R"({"text": "\\ud83d and \ud83d"})", "text", "\\ud83d and \uFFFD");
  ExpectText(R"({"text": "\ud83d"})", "text", "\uFFFD");
  ExpectText(R"({"t\udc00": "x", "text": "y"})", "text", "y");
  ExpectBad(R"({"text": "\ud8)", "text", {"syntax"});
  ExpectBad(R"({"text": "\ud83d\)", "text", {"syntax"});
}

}  // namespace
}  // namespace cllm
