#include "text/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

using Messages = std::vector<ChatMessage>;

Messages Dialogue() {
  return {{"system", "Be short."},
          {"user", "Where is it?"},
          {"assistant", "There."},
          {"user", "Where?"},
          {"assistant", "Two lines:\n\nhere and there."}};
}

// A tokenizer whose merges would go over the template's borders if it were encoded otherwise.
Tokenizer SubWords() {
  std::string text;
  for (int i = 0; i < 200; ++i) text += "user: Where is it?\n\nassistant: There. There it is.\n\n\n\nassistant: Two";
  const std::string_view documents[] = {text};
  Result<Tokenizer> tokenizer = TrainTokenizer(*ParseTokenizerSpec("bpe:275"), DocumentSource(documents), 1);
  CHECK(tokenizer.ok());
  return *std::move(tokenizer);
}

TEST(ChatTemplate, Document_IsRolesAndContents_WithEmptyLinesBetween) {
  EXPECT_EQ(ChatText(ChatDocument(Dialogue())),
            "system: Be short.\n\nuser: Where is it?\n\nassistant: There.\n\nuser: Where?\n\nassistant: Two lines:\n\n"
            "here and there.");
}

TEST(ChatTemplate, Document_ScoresWhatTheAssistantSays) {
  const std::vector<ChatPiece> expected = {{"system: Be short.\n\nuser: Where is it?\n\nassistant:", false, false},
                                           {" There.", true, true},
                                           {"\n\nuser: Where?\n\nassistant:", false, false},
                                           {" Two lines:\n\nhere and there.", true, true}};
  EXPECT_EQ(ChatDocument(Dialogue()), expected);
}

TEST(ChatTemplate, Prompt_LeavesTheAnswerOpen) {
  Messages messages = Dialogue();
  messages.pop_back();
  EXPECT_TRUE(ChatText(ChatPrompt(messages)).ends_with("\n\nuser: Where?\n\nassistant:"));
  EXPECT_EQ(ChatText(ChatPrompt({})), "assistant:");
  EXPECT_EQ(ChatText(ChatPrompt(Messages{{"tool", "42"}})), "tool: 42\n\nassistant:");
}

TEST(ChatTemplate, Prompt_ContinuesALastMessageOfTheAssistant) {
  const std::vector<ChatPiece> pieces = ChatPrompt(Messages{{"user", "Tell."}, {"assistant", "Once upon"}});
  EXPECT_EQ(ChatText(pieces), "user: Tell.\n\nassistant: Once upon");
  EXPECT_FALSE(pieces.back().ends_turn);
  EXPECT_EQ(ChatText(ChatPrompt(Messages{{"assistant", " Once upon\n"}})), "assistant: Once upon\n");
  EXPECT_EQ(ChatText(ChatPrompt(Messages{{"assistant", " "}})), "assistant:");
}

TEST(ChatTemplate, Contents_LoseTheWhiteSpaceAroundThem) {
  const Messages messages = {{"user", "\n  Hello \t\r\n"}, {"assistant", "  "}, {"user", "a\n\n b"}};
  EXPECT_EQ(ChatText(ChatDocument(messages)), "user: Hello\n\nassistant:\n\nuser: a\n\n b");
}

TEST(ChatTemplate, Tokens_AreThoseOfTheText_WithEndsAfterTheAssistant) {
  for (const Tokenizer& tokenizer : {Tokenizer::Bytes(), SubWords()}) {
    const std::vector<ChatPiece> pieces = ChatDocument(Dialogue());
    std::vector<uint32_t> tokens = ChatTokens(pieces, tokenizer);
    EXPECT_EQ(tokens.front(), tokenizer.begin());
    EXPECT_EQ(tokens.back(), tokenizer.end());
    EXPECT_EQ(std::ranges::count(tokens, tokenizer.end()), 2);
    tokens.erase(tokens.begin());
    std::erase(tokens, tokenizer.end());
    EXPECT_EQ(tokens, tokenizer.Encode(ChatText(pieces))) << tokenizer.name();
  }
}

// What a model reads before it answers is what it learned an answer after.
TEST(ChatTemplate, APromptsTokens_BeginTheDocumentsTokens) {
  for (const Tokenizer& tokenizer : {Tokenizer::Bytes(), SubWords()}) {
    const Messages all = Dialogue();
    const std::vector<uint32_t> document = ChatTokens(ChatDocument(all), tokenizer);
    for (const size_t answer : {2u, 4u}) {
      const std::vector<uint32_t> prompt = ChatTokens(ChatPrompt(std::span(all).first(answer)), tokenizer);
      ASSERT_LT(prompt.size(), document.size());
      EXPECT_TRUE(std::ranges::equal(prompt, std::span(document).first(prompt.size()))) << tokenizer.name() << answer;
    }
  }
}

TEST(ChatTemplate, RolesOfOtherPrograms_HaveTheirNameHere) {
  EXPECT_EQ(ChatRole("human"), "user");
  EXPECT_EQ(ChatRole("User"), "user");
  EXPECT_EQ(ChatRole("GPT"), "assistant");
  EXPECT_EQ(ChatRole("model"), "assistant");
  EXPECT_EQ(ChatRole("developer"), "system");
  EXPECT_EQ(ChatRole("Narrator"), "Narrator");
}

TEST(ChatTemplate, Roles_CannotForgeATurn) {
  EXPECT_TRUE(IsChatRole("tool"));
  EXPECT_TRUE(IsChatRole("First Murderer"));
  EXPECT_FALSE(IsChatRole(""));
  EXPECT_FALSE(IsChatRole("user: hi\n\nassistant"));
  EXPECT_FALSE(IsChatRole("a\nb"));
  EXPECT_FALSE(IsChatRole(std::string(65, 'a')));
}

TEST(ChatAnswer, TheSpaceBeforeTheContent_IsNoPartOfIt) {
  for (const std::vector<std::string_view>& pieces :
       {std::vector<std::string_view>{" There", " it is"}, {"", " ", "There it is"}, {"There", " it is"}}) {
    ChatAnswer answer;
    std::string text;
    for (const std::string_view piece : pieces) text += answer.Next(piece);
    EXPECT_EQ(text, "There it is");
  }
}

}  // namespace
}  // namespace cllm
