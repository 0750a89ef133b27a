#include "corpus/json_line.h"

#include <gtest/gtest.h>

#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

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
