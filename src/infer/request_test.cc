#include "infer/request.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace cllm {
namespace {

constexpr size_t kContext = 8;
constexpr ModelShape kTiny{.layers = 1, .heads = 1, .width = 4, .hidden = 8, .context = kContext, .vocabulary = 259};

uint32_t IdOf(char c) { return kFirstByteId + static_cast<unsigned char>(c); }

// A request without a model: the test says what is chosen.
class RequestTest : public testing::Test {
 protected:
  Request Make(const std::string& prompt, const RequestOptions& options = {}) {
    return {kTiny, tokenizer_, prompt, options};
  }
  // Reads what is unread, as a batch does, and takes a token.
  GeneratedToken Say(Request& request, uint32_t id) {
    const size_t rows = request.unread().size();
    request.cache().Reserve(rows);
    request.cache().Advance(rows);
    request.MarkRead(rows);
    return request.Accept({.id = id, .logprob = -1});
  }
  // The same for a text; what was shown.
  std::string Say(Request& request, const std::string& text) {
    std::string shown;
    for (const char c : text) shown += Say(request, IdOf(c)).text;
    return shown;
  }
  const Tokenizer tokenizer_ = Tokenizer::Bytes();
};

std::vector<uint32_t> IdsOf(std::span<const uint32_t> ids) { return {ids.begin(), ids.end()}; }

TEST_F(RequestTest, Prompt_StartsWithBegin_UnlessItIsNotWanted) {
  EXPECT_EQ(IdsOf(Make("ab").prompt()), (std::vector<uint32_t>{kBeginId, IdOf('a'), IdOf('b')}));
  EXPECT_EQ(IdsOf(Make("ab", {.begin = false}).prompt()), (std::vector<uint32_t>{IdOf('a'), IdOf('b')}));
  EXPECT_EQ(IdsOf(Make("", {.begin = false}).prompt()), std::vector<uint32_t>{kBeginId}) << "something must be read";
  EXPECT_EQ(IdsOf(Make("ab").unread()), IdsOf(Make("ab").prompt()));
}

TEST_F(RequestTest, IdsAsAPrompt_AreReadAsTheyAre) {
  const std::vector<uint32_t> ids = {IdOf('x'), kBeginId, 0};
  EXPECT_EQ(IdsOf(Request(kTiny, tokenizer_, ids, RequestOptions{}).prompt()), ids);
}

TEST_F(RequestTest, PromptLongerThanTheContext_KeepsItsNewestHalfContext) {
  const Request request = Make("0123456789");  // 11 tokens with begin
  EXPECT_EQ(request.prompt().size(), 11u);
  EXPECT_EQ(request.prompt_left_out(), 7u);
  EXPECT_EQ(IdsOf(request.unread()), (std::vector<uint32_t>{IdOf('6'), IdOf('7'), IdOf('8'), IdOf('9')}));
  EXPECT_EQ(Make("0123456").prompt_left_out(), 0u) << "exactly the context";
}

TEST_F(RequestTest, FullContext_ReadsItsNewestHalfAgain) {
  Request request = Make("");
  EXPECT_EQ(Say(request, "abcdefg"), "abcdefg");
  EXPECT_EQ(request.unread().size(), 1u) << "the eighth position";
  EXPECT_EQ(Say(request, "h"), "h");
  EXPECT_EQ(request.cache().positions(), 0u);
  EXPECT_EQ(IdsOf(request.unread()), (std::vector<uint32_t>{IdOf('e'), IdOf('f'), IdOf('g'), IdOf('h')}));
  EXPECT_EQ(request.prompt_left_out(), 0u) << "that is no cut of the prompt";
}

TEST_F(RequestTest, EndsAfterSoManyTokens) {
  Request request = Make("p", {.tokens = 3});
  EXPECT_EQ(Say(request, "abc"), "abc");
  EXPECT_TRUE(request.finished());
  EXPECT_TRUE(request.unread().empty());
  EXPECT_EQ(request.result().reason, FinishReason::kLength);
  EXPECT_EQ(request.result().text, "abc");
  EXPECT_EQ(request.result().tokens, (std::vector<uint32_t>{IdOf('a'), IdOf('b'), IdOf('c')}));
  EXPECT_EQ(request.result().logprobs, std::vector<float>(3, -1));
  EXPECT_TRUE(Make("p", {.tokens = 0}).finished());
}

TEST_F(RequestTest, EndToken_EndsIt_AndIsNoPartOfIt) {
  Request request = Make("p");
  Say(request, "a");
  EXPECT_EQ(Say(request, kEndId).text, "");
  EXPECT_EQ(request.result().reason, FinishReason::kEnd);
  EXPECT_EQ(request.result().text, "a");
  EXPECT_EQ(request.result().tokens, std::vector<uint32_t>{IdOf('a')});
}

TEST_F(RequestTest, StopString_OverSeveralTokens_EndsBeforeIt) {
  Request request = Make("p", {.stops = {"", "cd", "zz"}});
  EXPECT_EQ(Say(request, "abccd"), "abc") << "held back until it is known to be no stop";
  EXPECT_TRUE(request.finished());
  EXPECT_EQ(request.result().reason, FinishReason::kStop);
  EXPECT_EQ(request.result().text, "abc");
  EXPECT_EQ(request.result().tokens.size(), 5u);
}

TEST_F(RequestTest, UnfinishedCharacter_IsDroppedAtTheLength) {
  Request request = Make("p", {.tokens = 4});
  EXPECT_EQ(Say(request, "\xC3\xB1\xE6\x97"), "\xC3\xB1");
  EXPECT_EQ(request.result().text, "\xC3\xB1");
  EXPECT_EQ(request.result().tokens.size(), 4u);
}

TEST_F(RequestTest, Stop_EndsIt_ButNotTwice) {
  Request request = Make("p", {.stops = {"bc"}});
  EXPECT_EQ(Say(request, "ab"), "a");
  request.Stop();
  EXPECT_EQ(request.result().reason, FinishReason::kStop);
  EXPECT_EQ(request.result().text, "ab") << "what was held back is no stop string";
  Request ended = Make("p");
  Say(ended, kEndId);
  ended.Stop();
  EXPECT_EQ(ended.result().reason, FinishReason::kEnd);
}

TEST_F(RequestTest, Choose_NeverTakesUnknownOrBegin_AndKnowsTheProbability) {
  Request request = Make("p", {.sampler = {.temperature = 0}});
  std::vector<float> logits(kTiny.vocabulary, 0);
  logits[0] = 50, logits[kBeginId] = 60, logits[IdOf('q')] = 40;
  SamplerScratch scratch(kTiny.vocabulary);
  const Request::Choice choice = request.Choose(logits, scratch, {});
  EXPECT_EQ(choice.id, IdOf('q'));
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
  EXPECT_NEAR(choice.logprob, 40 - std::log(sum), 1e-4);
}

TEST_F(RequestTest, AcceptOfAFinishedOne_IsABug) {
  Request request = Make("p", {.tokens = 1});
  Say(request, "a");
  EXPECT_DEATH((void)request.Accept({.id = IdOf('b')}), "finished_");
  Request unread = Make("p");
  EXPECT_DEATH((void)unread.Accept({.id = IdOf('b')}), "unread");
}

}  // namespace
}  // namespace cllm
