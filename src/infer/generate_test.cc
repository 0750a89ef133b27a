#include "infer/request_batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <initializer_list>
#include <limits>

#include "infer/testing/models.h"

namespace cllm {
namespace {

// Nothing cut: every token can come.
SamplerOptions Plain(uint64_t seed) {
  return {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .seed = seed};
}

SamplerOptions Greedy() { return {.temperature = 0}; }

Parameters SmallByteModel(size_t context) {
  return RandomModel({.layers = 2, .heads = 2, .width = 24, .hidden = 40, .context = context, .vocabulary = 259}, 1, 6);
}

struct Streamed {
  Generated result;
  std::vector<std::string> pieces;
  std::vector<uint32_t> ids;

  std::string Joined() const {
    std::string text;
    for (const std::string& piece : pieces) text += piece;
    return text;
  }
};

Streamed Continue(const Parameters& model, std::string_view prompt, const RequestOptions& options) {
  static const Tokenizer tokenizer = Tokenizer::Bytes();
  const Weights weights = ToRead(model);
  Streamed streamed;
  streamed.result = Generate(weights, tokenizer, prompt, options, [&](const GeneratedToken& token) {
    streamed.pieces.emplace_back(token.text);
    streamed.ids.push_back(token.id);
    return true;
  });
  return streamed;
}

// Bytes of the well-formed UTF-8 character of two bytes or more that `text` begins with, else 0: decoded, then judged
// by its number (RFC 3629).
size_t LongCharacter(std::string_view text) {
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(text[i])); };
  const size_t length = static_cast<size_t>(std::countl_one(static_cast<uint8_t>(byte(0))));
  if (length < 2 || length > 4 || length > text.size()) return 0;
  uint32_t number = byte(0) & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    number = number << 6 | (byte(i) & 63);
  }
  const bool valid = number >= kSmallest[length] && number <= 0x10FFFF && number >> 11 != 0x1B;
  return valid ? length : 0;
}

TEST(Generate, SaysWhatTheModelKnows_UntilTheEndToken) {
  const Streamed run = Continue(SuccessorModel(Saying("to be"), 16), "", {.sampler = Greedy()});
  EXPECT_EQ(run.result.text, "to be");
  EXPECT_EQ(run.result.reason, FinishReason::kEnd);
  EXPECT_EQ(run.result.tokens.size(), 5u);
  EXPECT_EQ(run.result.logprobs.size(), 5u);
  EXPECT_EQ(run.pieces, (std::vector<std::string>{"t", "o", " ", "b", "e", ""}));
  EXPECT_EQ(run.ids.back(), kEndId);
}

TEST(Generate, Length_EndsAfterSoManyTokens) {
  const Parameters model = SuccessorModel(Saying("abcdef"), 16);
  const Streamed run = Continue(model, "ab", {.tokens = 2, .sampler = Greedy()});
  EXPECT_EQ(run.result.text, "cd");
  EXPECT_EQ(run.result.reason, FinishReason::kLength);
  EXPECT_EQ(Continue(model, "ab", {.tokens = 0, .sampler = Greedy()}).result.text, "");
}

TEST(Generate, Stop_EndsBeforeItAlsoAcrossTokens) {
  const Parameters model = SuccessorModel(Saying("abcdefgh"), 16);
  const Streamed run = Continue(model, "a", {.sampler = Greedy(), .stops = {"zz", "def"}});
  EXPECT_EQ(run.result.text, "bc");
  EXPECT_EQ(run.Joined(), "bc");
  EXPECT_EQ(run.result.reason, FinishReason::kStop);
  EXPECT_EQ(run.result.tokens.size(), 5u);  // b c d e f
}

TEST(Generate, StopBegunButNotComplete_ComesOutAtTheEnd) {
  const Streamed ended = Continue(SuccessorModel(Saying("abcd"), 16), "a", {.sampler = Greedy(), .stops = {"cdX"}});
  EXPECT_EQ(ended.pieces, (std::vector<std::string>{"b", "", "", "cd"}));
  EXPECT_EQ(ended.result.reason, FinishReason::kEnd);
  const Parameters longer = SuccessorModel(Saying("abcdef"), 16);
  const Streamed cut = Continue(longer, "a", {.tokens = 3, .sampler = Greedy(), .stops = {"cdX"}});
  EXPECT_EQ(cut.pieces, (std::vector<std::string>{"b", "", "cd"}));
  EXPECT_EQ(cut.result.reason, FinishReason::kLength);
}

TEST(Generate, UnknownAndBegin_AreNeverChosen) {
  std::vector<uint32_t> next = Saying("ab");
  next[kFirstByteId + 'a'] = kUnknownId;
  next[kFirstByteId + 'b'] = kBeginId;
  for (const char* prompt : {"a", "b"}) {
    const Streamed run = Continue(SuccessorModel(next, 16), prompt, {.tokens = 1, .sampler = Greedy()});
    ASSERT_EQ(run.ids.size(), 1u);
    EXPECT_NE(run.ids[0], kUnknownId);
    EXPECT_NE(run.ids[0], kBeginId);
  }
}

TEST(Generate, EachReturnsFalse_Ends) {
  const Parameters model = SuccessorModel(Saying("abcdef"), 16);
  const Weights weights = ToRead(model);
  const Tokenizer tokenizer = Tokenizer::Bytes();
  size_t calls = 0;
  const Generated result = Generate(weights, tokenizer, "a", {.sampler = Greedy()},
                                    [&](const GeneratedToken&) { return ++calls < 2; });
  EXPECT_EQ(calls, 2u);
  EXPECT_EQ(result.text, "bc");
  EXPECT_EQ(result.reason, FinishReason::kStop);
}

TEST(Generate, Begin_ChangesWhatTheModelReads) {
  const Parameters model = SmallByteModel(32);
  RequestOptions options{.tokens = 20, .sampler = Plain(3)};
  const Generated with = Continue(model, "prompt", options).result;
  options.begin = false;
  const Generated without = Continue(model, "prompt", options).result;
  EXPECT_NE(with.logprobs, without.logprobs);
  const Generated empty = Continue(model, "", options).result;
  options.begin = true;
  EXPECT_EQ(empty.logprobs, Continue(model, "", options).result.logprobs);
}

TEST(Generate, SameSeed_SameResult) {
  const Parameters model = SmallByteModel(32);
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const Weights weights = ToRead(model);
  const auto run = [&](uint64_t seed) {
    return Generate(weights, tokenizer, "Same", {.tokens = 60, .sampler = Plain(seed)});
  };
  const Generated first = run(7), other = run(8), again = run(7);
  EXPECT_EQ(first.tokens, again.tokens);
  EXPECT_EQ(first.logprobs, again.logprobs);
  EXPECT_EQ(first.text, again.text);
  EXPECT_NE(first.tokens, other.tokens);
}

TEST(Generate, UntrainedModel_PiecesJoinToTheText_AndSplitNoCharacter) {
  const Parameters model = SmallByteModel(32);
  size_t characters = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    const Streamed run = Continue(model, "", {.tokens = 200, .sampler = Plain(seed)});
    const std::string& text = run.result.text;
    ASSERT_EQ(run.Joined(), text);
    std::string made = Tokenizer::Bytes().Decode(run.result.tokens);
    made.resize(made.size() - (run.result.reason == FinishReason::kLength ? UnfinishedCharacter(made) : 0));
    ASSERT_EQ(made, text);
    std::vector<size_t> cuts;
    for (size_t at = 0; const std::string& piece : run.pieces) cuts.push_back(at += piece.size());
    for (size_t begin = 0; begin < text.size(); ++begin) {
      const size_t length = LongCharacter(std::string_view(text).substr(begin));
      characters += length > 0;
      for (size_t cut : cuts) ASSERT_FALSE(cut > begin && cut < begin + length) << "seed " << seed << ", byte " << cut;
    }
  }
  EXPECT_GT(characters, 20u);
}

// A text of characters of three bytes, broken off after each number of tokens.
TEST(Generate, BrokenOff_EndsWithAWholeCharacter) {
  const Parameters model = SuccessorModel(Saying("\xe7\x8c\xab"), 16);
  for (size_t tokens = 1; tokens <= 3; ++tokens) {
    const Streamed run = Continue(model, "", {.tokens = tokens, .sampler = Greedy()});
    EXPECT_EQ(run.result.text, tokens == 3 ? "\xe7\x8c\xab" : "") << tokens;
    EXPECT_EQ(run.Joined(), run.result.text);
    EXPECT_EQ(run.result.tokens.size(), tokens);
    EXPECT_EQ(run.result.reason, FinishReason::kLength);
  }
  // The prompt's own bytes are in the middle of one: what follows is handed on as it comes.
  EXPECT_EQ(Continue(model, "\xe7", {.tokens = 1, .sampler = Greedy()}).result.text, "\x8c");
  // The model itself ends there.
  std::vector<uint32_t> ends = Saying("\xe7\x8c");
  EXPECT_EQ(Continue(SuccessorModel(ends, 16), "", {.tokens = 9, .sampler = Greedy()}).result.text, "\xe7\x8c");
}

TEST(Generate, Stop_ByTheCaller_EndsWithAWholeCharacter) {
  const Parameters model = SuccessorModel(Saying("a\xe7\x8c\xab"), 16);
  const Weights weights = ToRead(model);
  const Tokenizer tokenizer = Tokenizer::Bytes();
  size_t calls = 0;
  const Generated result = Generate(weights, tokenizer, "", {.sampler = Greedy()},
                                    [&](const GeneratedToken&) { return ++calls < 3; });
  EXPECT_EQ(result.text, "a");
}

TEST(Request, Prompt_OfTokensIsThatOfItsText_AndWhatIsLeftOutIsKnown) {
  const Parameters model = SmallByteModel(16);
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const std::string text(40, 'x');
  const Request whole(model.shape(), tokenizer, std::string_view(text).substr(0, 15), {});
  EXPECT_EQ(whole.prompt().size(), 16u);  // with begin
  EXPECT_EQ(whole.prompt_left_out(), 0u);
  const Request cut(model.shape(), tokenizer, text, {});
  EXPECT_EQ(cut.prompt().size(), 41u);
  EXPECT_EQ(cut.prompt_left_out(), 41u - 8u);  // the newest half of the context is read
  EXPECT_EQ(cut.unread().size(), 8u);
  const Request ids(model.shape(), tokenizer, std::vector<uint32_t>(cut.prompt().begin(), cut.prompt().end()), {});
  EXPECT_TRUE(std::ranges::equal(ids.prompt(), cut.prompt()));
}

// What Request's contract says about contexts, written with a fresh cache for every token.
std::vector<uint32_t> ByFreshCaches(const Parameters& model, std::vector<uint32_t> tokens, size_t n,
                                      std::vector<double>& logprobs) {
  const Weights weights = ToRead(model);
  const size_t context = weights.shape().context, prompt = tokens.size();
  std::vector<uint32_t> window = tokens;
  while (tokens.size() < prompt + n) {
    if (window.size() > context) window.assign(tokens.end() - static_cast<std::ptrdiff_t>(context / 2), tokens.end());
    KeyValueCache cache(weights.shape());
    Batch batch(weights, window.size());
    const BatchPart part{.cache = &cache, .tokens = window};
    const std::span<const float> logits = batch.Step({&part, 1});
    double sum = 0;
    for (float logit : logits) sum += std::exp(static_cast<double>(logit));
    const auto best = std::max_element(logits.begin() + kEndId + 1, logits.end());
    logprobs.push_back(*best - std::log(sum));
    tokens.push_back(static_cast<uint32_t>(best - logits.begin()));
    window.push_back(tokens.back());
  }
  return {tokens.begin() + static_cast<std::ptrdiff_t>(prompt), tokens.end()};
}

TEST(Generate, BeyondTheContext_GoesOnFromTheNewestHalf) {
  for (const size_t context : std::initializer_list<size_t>{8, 9}) {
    const Parameters model = SmallByteModel(context);
    for (const std::string prompt : {"", "Ab", "1234567", "12345678", "a prompt longer than the context"}) {
      std::vector<uint32_t> tokens = {kBeginId};
      Tokenizer::Bytes().Encode(prompt, tokens);
      std::vector<double> logprobs;
      const std::vector<uint32_t> expected = ByFreshCaches(model, tokens, 40, logprobs);
      const Generated result = Continue(model, prompt, {.tokens = 40, .sampler = Greedy()}).result;
      ASSERT_EQ(result.tokens, expected) << context << " '" << prompt << "'";
      for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(result.logprobs[i], logprobs[i], 1e-5);
    }
  }
}

TEST(Generate, ContextOfOne_Works) {
  EXPECT_EQ(Continue(SuccessorModel(Saying("abc"), 1), "", {.sampler = Greedy()}).result.text, "abc");
}

TEST(Generate, WeightsThatAreNotFinite_StillEnd) {
  Parameters model = SmallByteModel(8);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -3e38f}) {
    for (float& value : model.tensor(model.layout().final_norm())) value = bad;
    const Generated result = Continue(model, "x", {.tokens = 12, .sampler = {.repeat_penalty = 1.2}}).result;
    EXPECT_TRUE(result.tokens.size() == 12 || result.reason == FinishReason::kEnd);
    for (uint32_t id : result.tokens) EXPECT_GE(id, kFirstByteId);
  }
}

}  // namespace
}  // namespace cllm
