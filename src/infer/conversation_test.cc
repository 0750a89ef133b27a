#include "infer/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "infer/testing/models.h"

namespace cllm {
namespace {

using ::testing::ElementsAre;

const ChatMessage kHi = {"user", "Hi"};

// The successors that make a byte model say a text after a colon, then the end token. REQUIRES: no byte twice.
std::vector<uint32_t> Answering(const std::string& text) {
  std::vector<uint32_t> next(kByteVocabulary, kEndId);
  uint32_t last = kFirstByteId + ':';
  for (const char c : text) {
    next[last] = kFirstByteId + static_cast<unsigned char>(c);
    last = next[last];
  }
  return next;
}

struct Spoken {
  Answer answer;
  std::string text;
};

class Conversing : public ::testing::Test {
 protected:
  Conversation& Begin(const std::vector<uint32_t>& next, size_t context, const ChatTemplate* chat) {
    weights_ = std::make_unique<Weights>(ToRead(SuccessorModel(next, context)));
    return conversation_.emplace(Speech{.weights = *weights_, .tokenizer = tokenizer_, .chat = chat});
  }
  Spoken Reply(size_t tokens = 100, size_t interrupted_after = SIZE_MAX) {
    Spoken spoken;
    size_t pieces = 0;
    spoken.answer = conversation_->Reply(
        {.tokens = tokens, .sampler = {.temperature = 0}},
        [&](std::string_view text) {
          spoken.text += text;
          ++pieces;
        },
        [&] { return pieces >= interrupted_after; });
    return spoken;
  }
  std::vector<ChatMessage> messages() const { return conversation_->messages(); }

  const Tokenizer tokenizer_ = Tokenizer::Bytes();
  std::unique_ptr<Weights> weights_;
  std::optional<Conversation> conversation_;
};

TEST_F(Conversing, AnAnswer_IsWhatTheModelSaysBehindTheTemplate) {
  Conversation& talk = Begin(Answering(" Yes!"), 100, &kPlainChat);
  talk.Say("Hi");
  const Spoken spoken = Reply();
  EXPECT_EQ(spoken.text, "Yes!");
  EXPECT_EQ(spoken.answer.reason, FinishReason::kEnd);
  EXPECT_EQ(spoken.answer.tokens, 5u);
  EXPECT_EQ(spoken.answer.prompt_tokens, std::string("user: Hi\n\nassistant:").size() + 1);
  EXPECT_THAT(messages(), ElementsAre(kHi, ChatMessage{"assistant", "Yes!"}));
}

TEST_F(Conversing, WithoutATemplate_TheTextGoesOn) {
  std::vector<uint32_t> next = Answering("");
  next[kFirstByteId + 'b'] = kFirstByteId + 'c';
  next[kFirstByteId + 'c'] = kFirstByteId + 'd';
  Conversation& talk = Begin(next, 100, nullptr);
  talk.Say("ab");
  EXPECT_EQ(Reply().text, "cd");
  talk.Say("b");
  EXPECT_EQ(Reply().text, "cd");
  EXPECT_THAT(messages(), ElementsAre(ChatMessage{"user", "ab"}, ChatMessage{"assistant", "cd"},
                                      ChatMessage{"user", "\nb"}, ChatMessage{"assistant", "cd"}));
  EXPECT_EQ(talk.ContextTokens(), 1 + std::string("abcd\nbcd").size());
  talk.Say("");
  EXPECT_EQ(messages().size(), 4u) << "nothing adds nothing";
}

TEST_F(Conversing, AnAnswerThatWasCut_GoesOn) {
  for (const ChatTemplate* chat : {&kPlainChat, static_cast<const ChatTemplate*>(nullptr)}) {
    Conversation& talk = Begin(Answering(" Yes!"), 100, chat);
    talk.Say("Hi:");
    const Spoken first = Reply(3);
    EXPECT_EQ(first.answer.reason, FinishReason::kLength);
    const Spoken second = Reply(100);
    EXPECT_EQ(first.text + second.text, chat != nullptr ? "Yes!" : " Yes!");
    ASSERT_EQ(messages().size(), 2u);
    EXPECT_EQ(messages()[1].content, first.text + second.text);
  }
}

// The space before the content was made, and nothing else.
TEST_F(Conversing, AnAnswerThatWasCutBeforeItsFirstLetter_GoesOnWithoutASpace) {
  Begin(Answering(" Yes!"), 100, &kPlainChat).Say("Hi");
  EXPECT_EQ(Reply(1).text, "");
  EXPECT_EQ(messages().back().content, "");
  EXPECT_EQ(Reply().text, "Yes!");
}

TEST_F(Conversing, AnInterruption_EndsTheAnswerAndKeepsWhatWasSaid) {
  Conversation& talk = Begin(Answering(" Yes!"), 100, &kPlainChat);
  talk.Say("Hi");
  const Spoken spoken = Reply(100, 2);
  EXPECT_TRUE(spoken.answer.interrupted);
  EXPECT_EQ(spoken.text, "Ye");
  EXPECT_EQ(messages().back().content, "Ye");
  EXPECT_EQ(Reply().text, "s!");
  EXPECT_TRUE(Reply(100, 0).answer.interrupted) << "before the first token, too";
}

// "\n" may begin the stop string "\n\nuser:", so it waits; the interruption gives it back.
TEST_F(Conversing, WhatWaitsForAStopString_IsNotLost) {
  std::vector<uint32_t> next(kByteVocabulary, kFirstByteId + '\n');
  Begin(next, 100, &kPlainChat).Say("Hi");
  const Spoken spoken = Reply(5);
  EXPECT_EQ(spoken.text, "\n\n\n\n\n");
  EXPECT_EQ(messages().back().content, spoken.text);
}

TEST_F(Conversing, Retrying_TakesTheAnswerBack) {
  Conversation& talk = Begin(Answering(" Yes!"), 100, &kPlainChat);
  EXPECT_FALSE(talk.TakeBack());
  talk.Say("Hi");
  EXPECT_FALSE(talk.TakeBack());
  Reply();
  EXPECT_TRUE(talk.TakeBack());
  EXPECT_THAT(messages(), ElementsAre(kHi));
  EXPECT_EQ(Reply().text, "Yes!");
}

TEST_F(Conversing, TheOldestTurnsLeave_TheSystemMessageAndTheLastQuestionStay) {
  Conversation& talk = Begin(Answering(" Yes!"), 80, &kPlainChat);
  talk.SetSystem("Sy");
  size_t left = 0;
  for (int turn = 0; turn < 6; ++turn) {
    talk.Say("Hi");
    const Answer answer = Reply().answer;
    left += answer.left;
    EXPECT_EQ(answer.left % 2, 0u) << "a turn leaves as a whole";
    EXPECT_EQ(talk.first_seen(), 1 + left);
    EXPECT_EQ(answer.left_tokens, 0u);
    EXPECT_LE(answer.prompt_tokens + 80 / 4, 80u);
    EXPECT_EQ(talk.messages()[talk.first_seen()].role, "user");
  }
  EXPECT_GT(left, 0u);
  EXPECT_EQ(messages().size(), 13u) << "they stay for who saves them";
  EXPECT_EQ(messages().front().content, "Sy");
}

TEST_F(Conversing, AQuestionBeyondTheContext_LosesItsBeginning_AndThatIsKnown) {
  Conversation& talk = Begin(Answering(" Yes!"), 40, &kPlainChat);
  talk.Say(std::string(100, 'x'));
  const Spoken spoken = Reply();
  EXPECT_EQ(spoken.text, "Yes!");
  EXPECT_EQ(spoken.answer.left_tokens, spoken.answer.prompt_tokens - 20);
}

TEST_F(Conversing, AnAnswerThatFillsTheContext_IsToldSo) {
  std::vector<uint32_t> next(kByteVocabulary, kFirstByteId + 'a');
  Begin(next, 40, &kPlainChat).Say("Hi");
  const size_t prompt = std::string("user: Hi\n\nassistant:").size() + 1;
  // The last token is made and not read.
  EXPECT_FALSE(Reply(40 - prompt + 1).answer.full);
  conversation_->TakeBack();
  EXPECT_TRUE(Reply(40 - prompt + 2).answer.full);
}

// What was read for the last answer is not read again, and no answer depends on that.
TEST_F(Conversing, WhatWasRead_IsKept_AndChangesNothing) {
  const ModelShape shape{.layers = 2, .heads = 2, .width = 24, .hidden = 40, .context = 200, .vocabulary = 259};
  weights_ = std::make_unique<Weights>(ToRead(RandomModel(shape, 1, 6)));
  const Speech speech{.weights = *weights_, .tokenizer = tokenizer_, .chat = &kPlainChat};
  conversation_.emplace(speech);
  for (const char* said : {"Hi", "So?", "And then?", "Bye"}) {
    conversation_->Say(said);
    std::vector<ChatMessage> before = messages();
    const Spoken spoken = Reply(12);
    Conversation fresh(speech);
    fresh.Restart(before);
    std::string text;
    fresh.Reply({.tokens = 12, .sampler = {.temperature = 0}}, [&](std::string_view piece) { text += piece; },
                [] { return false; });
    if (spoken.answer.left == 0) {
      EXPECT_EQ(spoken.text, text);
      EXPECT_EQ(spoken.answer.known_tokens > 10, before.size() > 1) << said;
    }
  }
  EXPECT_TRUE(conversation_->TakeBack());
  EXPECT_GT(Reply(12).answer.known_tokens, 0u);
}

TEST_F(Conversing, SystemMessages_ComeAndGoAtTheFront) {
  Conversation& talk = Begin(Answering(" Yes!"), 100, &kPlainChat);
  talk.Say("Hi");
  talk.SetSystem("a");
  talk.SetSystem("b");
  EXPECT_EQ(talk.system(), "b");
  EXPECT_THAT(messages(), ElementsAre(ChatMessage{"system", "b"}, kHi));
  talk.SetSystem("");
  EXPECT_EQ(talk.system(), "");
  EXPECT_THAT(messages(), ElementsAre(kHi));
  EXPECT_EQ(talk.first_seen(), 0u);
  talk.Restart({{"system", "c"}, kHi, {"assistant", "x"}});
  EXPECT_EQ(talk.first_seen(), 1u);
  EXPECT_TRUE(talk.ends_with_answer());
}

}  // namespace
}  // namespace cllm
