#include "corpus/document_splitter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

// The documents of a file that is given in pieces.
Result<std::vector<std::string>> Split(const std::string& path, const CorpusOptions& options, std::string_view text,
                                       size_t piece) {
  DocumentCollector collector;
  const TextVisitor visitor = collector.Visitor();
  BlockCutter cutter(visitor);
  LineFindings lines;
  const auto splitter = MakeDocumentSplitter(DescribeFile(path), options, cutter, lines);
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    CLLM_TRY(splitter->Append(text.substr(0, piece)));
  }
  CLLM_TRY(splitter->End());
  return collector.documents();
}

TEST(DocumentSplitter, PiecesOfAnySize_GiveTheSameDocuments) {
  struct Case {
    std::string path;
    CorpusOptions options;
    std::string text;
    std::vector<std::string> expected;
  };
  const std::vector<Case> cases = {
      {"a.txt", {}, "one\ntwo", {"one\ntwo"}},
      {"a.txt", {.separator = "<|end|>"}, "one<|end|>two<|<|end|><|end|>three<|end", {"one", "two<|", "three<|end"}},
      {"a.txt", {.separator = "\n"}, "\n\na\n\nb", {"a", "b"}},
      {"a.jsonl", {.separator = "one"}, "{\"text\": \"one\"}\r\n\n{\"text\": \"two\"}", {"one", "two"}},
      {"a.html", {.separator = "b"}, "<p>a<p>b", {"a\n\nb\n"}}};
  for (const Case& each : cases) {
    for (const size_t piece : {1u, 2u, 7u, 1000u}) {
      const auto found = Split(each.path, each.options, each.text, piece);
      ASSERT_TRUE(found.ok()) << found.status().message();
      EXPECT_EQ(*found, each.expected) << each.text << " by " << piece;
    }
  }
}

TEST(DocumentSplitter, BadLines_AreCounted) {
  DocumentCollector collector;
  const TextVisitor visitor = collector.Visitor();
  BlockCutter cutter(visitor);
  LineFindings lines;
  const auto splitter = MakeDocumentSplitter(DescribeFile("a.jsonl"), {}, cutter, lines);
  ASSERT_TRUE(splitter->Append("{\"text\": \"x\"}\n\n{\n[]").ok());
  ExpectError(splitter->End(), Code::kBadInput, {"a.jsonl: 2 of 3 lines are bad", "line 3: "});
  EXPECT_EQ(lines.first_bad, (std::vector<uint64_t>{3, 4}));
}

// The blocks of a .jsonl file whose lists of messages are dialogues: "text" for context, "[text]" for what is learned,
// "." for an end in mid-document, "|" for the end of one.
std::string Dialogues(std::string_view text) {
  std::string shown;
  const TextVisitor visitor = [&](const TextBlock& block) {
    shown += (block.scored ? "[" : "") + std::string(block.text) + (block.scored ? "]" : "");
    shown += block.ends_document ? "|" : block.ends_turn ? "." : "";
    return Status();
  };
  BlockCutter cutter(visitor);
  LineFindings lines;
  const auto splitter = MakeDocumentSplitter(DescribeFile("a.jsonl"), {.chat = true}, cutter, lines);
  EXPECT_TRUE(splitter->Append(text).ok());
  const Status ended = splitter->End();
  EXPECT_TRUE(ended.ok()) << ended.message();
  return shown;
}

TEST(DocumentSplitter, Dialogues_AreWrittenInTheTemplate) {
  EXPECT_EQ(
      Dialogues(
          "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}, {\"role\": \"assistant\", \"content\": "
          "\" Ho\\n\"}, {\"role\": \"user\", \"content\": \"So?\"}]}\n"
          "{\"conversations\": [{\"from\": \"human\", \"value\": \"A\"}, {\"from\": \"gpt\", \"value\": \"B\"}]}"),
      "user: Hi\n\nassistant:[ Ho].\n\nuser: So?|user: A\n\nassistant:[ B]|");
  EXPECT_EQ(Dialogues("{\"messages\": [{\"role\": \"assistant\", \"content\": \"\"}]}"), "assistant:[]|");
  EXPECT_EQ(Dialogues("{\"messages\": []}"), "");
}

TEST(DocumentSplitter, AmongDialogues_OtherLinesAreLearnedInWhole) {
  EXPECT_EQ(
      Dialogues("{\"text\": \"one\"}\n{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}\n{\"text\": \"two\"}"),
      "[one]|user: a|[two]|");
}

TEST(DocumentSplitter, DialoguesWithoutRoles_AreBadLines) {
  for (const char* line : {"{\"messages\": [\"Hi\"]}", "{\"messages\": [{\"content\": \"Hi\"}]}",
                           "{\"messages\": [{\"role\": \"a:b\", \"content\": \"Hi\"}]}"}) {
    const TextVisitor visitor = [](const TextBlock&) { return Status(); };
    BlockCutter cutter(visitor);
    LineFindings lines;
    const auto splitter = MakeDocumentSplitter(DescribeFile("a.jsonl"), {.chat = true}, cutter, lines);
    ASSERT_TRUE(splitter->Append(line).ok());
    ExpectError(splitter->End(), Code::kBadInput, {"line 1: expected a role"});
  }
}

TEST(DocumentSplitter, ALongAnswer_IsCutIntoBlocksThatAreLearned) {
  const std::string answer(3 * kMaxBlockBytes / 2, 'x');
  const std::string shown = Dialogues(
      "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}, {\"role\": \"assistant\", "
      "\"content\": \"" +
      answer + "\"}]}");
  EXPECT_TRUE(shown.starts_with("user: a\n\nassistant:[ xx"));
  EXPECT_TRUE(shown.ends_with("x]|"));
  EXPECT_NE(shown.find("]["), shown.npos);
}

}  // namespace
}  // namespace cllm
