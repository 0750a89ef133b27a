#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "infer/request_batch.h"
#include "infer/testing/models.h"
#include "model/context.h"
#include "model/transformer.h"

namespace cllm {
namespace {

constexpr ModelShape kScored{.layers = 2, .heads = 2, .width = 32, .hidden = 96, .context = 40, .vocabulary = 259};

// A prompt that is scored, read in pieces of at most `rows` tokens, `others` requests beside it.
Generated Scored(const Weights& weights, const Tokenizer& tokenizer, const std::vector<uint32_t>& prompt,
                 RequestOptions options, size_t rows, size_t others = 0) {
  options.score_prompt = true;
  RequestBatch batch(weights, nullptr, rows);
  Request request(weights.shape(), tokenizer, prompt, options);
  std::vector<std::unique_ptr<Request>> beside;
  for (size_t i = 0; i < others; ++i) {
    beside.push_back(std::make_unique<Request>(weights.shape(), tokenizer, "beside",
                                               RequestOptions{.tokens = 50, .sampler = {.seed = i}}));
    batch.Add(*beside.back());
  }
  if (!request.finished()) batch.Add(request);
  batch.Run();
  EXPECT_TRUE(request.finished());
  return request.TakeResult();
}

// What `cllm eval` adds up for a window: 2^-32 of the nats of each target.
Int128 EvaluatedSum(const Weights& weights, const Tokenizer& tokenizer, const std::vector<uint32_t>& tokens) {
  const TokenLattice& lattice = tokenizer.lattice();
  const Transformer transformer(weights, {lattice.root_class(), lattice.form_class()});
  TrainingContext context(weights.shape(), 1);
  std::copy(tokens.begin(), tokens.end() - 1, context.inputs.begin());
  std::copy(tokens.begin() + 1, tokens.end(), context.targets.begin());
  LossSums sums;
  transformer.Evaluate(context, tokens.size() - 1, 0, sums);
  return sums.token;
}

Int128 SumOf(const std::vector<TokenScore>& scores) {
  Int128 sum = 0;
  for (const TokenScore& score : scores) sum += static_cast<int64_t>(-static_cast<double>(score.logprob) * 0x1p32);
  return sum;
}

// Whole windows of context + 1 tokens and shorter ones, in every storage, in pieces of any size.
TEST(Scoring, OfAPrompt_IsThatOfEval_ToTheBit) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const Parameters values = RandomModel(kScored, 1, 6);
  for (const Storage storage : {Storage::kF32, Storage::kBf16, Storage::kQ8}) {
    const Weights weights = ToRead(values, storage);
    for (const size_t length : {kScored.context + 1, kScored.context, size_t{17}, size_t{2}}) {
      const std::vector<uint32_t> tokens = RandomTokens(length, length, kScored.vocabulary);
      const Int128 evaluated = EvaluatedSum(weights, tokenizer, tokens);
      for (const size_t rows : {size_t{1}, size_t{7}, size_t{64}}) {
        const Generated made = Scored(weights, tokenizer, tokens, {.tokens = 0}, rows, rows == 7 ? 3 : 0);
        ASSERT_EQ(made.prompt_scores.size(), length - 1);
        EXPECT_TRUE(SumOf(made.prompt_scores) == evaluated) << length << ", by " << rows;
        EXPECT_EQ(made.reason, FinishReason::kLength);
        EXPECT_TRUE(made.tokens.empty());
      }
    }
  }
}

TEST(Scoring, OneTokenOrNone_HasNothingToScore) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const Weights weights = ToRead(RandomModel(kScored, 1, 6));
  EXPECT_TRUE(Scored(weights, tokenizer, {kBeginId}, {.tokens = 0}, 8).prompt_scores.empty());
  const Generated one = Scored(weights, tokenizer, {kBeginId}, {.tokens = 3, .may_end = false}, 8);
  EXPECT_TRUE(one.prompt_scores.empty());
  EXPECT_FALSE(one.logprobs.empty());
}

// The text after a scored prompt is that after the same one unscored, and its tokens' likelihoods are what scoring says
// of them when they stand in a prompt.
TEST(Scoring, AndGeneration_SayTheSame) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  const Weights weights = ToRead(RandomModel(kScored, 2, 6));
  for (uint64_t seed = 0; seed < 5; ++seed) {
    const RequestOptions options{.tokens = 12, .sampler = {.seed = seed}, .may_end = false, .best = 3};
    std::vector<uint32_t> tokens = RandomTokens(seed, 9, kScored.vocabulary);
    const Generated with = Scored(weights, tokenizer, tokens, options, 5);
    RequestBatch batch(weights);
    Request plain(kScored, tokenizer, tokens, options);
    batch.Add(plain);
    std::vector<TokenScore> told;
    batch.Run([&](Request&, const GeneratedToken& token) {
      told.push_back({token.id, token.logprob, {token.best.begin(), token.best.end()}});
    });
    EXPECT_EQ(with.tokens, plain.result().tokens);
    EXPECT_EQ(with.logprobs, plain.result().logprobs);
    ASSERT_EQ(told.size(), 12u);
    tokens.insert(tokens.end(), with.tokens.begin(), with.tokens.end());
    const Generated again = Scored(weights, tokenizer, tokens, {.tokens = 0, .best = 3}, 64);
    for (size_t i = 0; i < told.size(); ++i) {
      const TokenScore& score = again.prompt_scores[8 + i];
      EXPECT_EQ(score.id, told[i].id);
      EXPECT_EQ(score.logprob, told[i].logprob);
      ASSERT_EQ(score.best.size(), 3u);
      for (size_t k = 0; k < 3; ++k) EXPECT_EQ(score.best[k].logprob, told[i].best[k].logprob);
    }
  }
}

// By sorting all tokens.
TEST(BestTokens, AreTheMostProbable_TiesById) {
  for (const size_t vocabulary : {size_t{1}, size_t{3}, size_t{300}}) {
    std::vector<float> logits(vocabulary);
    for (size_t i = 0; i < vocabulary; ++i) logits[i] = static_cast<float>(RandomBits(vocabulary, i) % 40) / 4;
    std::vector<uint32_t> order(vocabulary);
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) { return logits[a] > logits[b]; });
    const RowNormalizer normalizer = NormalizerOf(logits.data(), vocabulary);
    for (const size_t n : {size_t{0}, size_t{1}, size_t{2}, size_t{20}, size_t{400}}) {
      std::vector<TokenLogprob> best(n);
      const size_t found = BestTokens(logits, normalizer, best);
      ASSERT_EQ(found, std::min(n, vocabulary));
      for (size_t i = 0; i < found; ++i) {
        EXPECT_EQ(best[i].id, order[i]);
        EXPECT_EQ(best[i].logprob, LogprobOf(normalizer, logits[order[i]]));
      }
    }
  }
}

TEST(BestTokens, NotANumber_IsNone) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> logits = {nan, 1, nan, 2};
  std::vector<TokenLogprob> best(3);
  EXPECT_EQ(BestTokens(logits, NormalizerOf(logits.data(), 4), best), 2u);
  EXPECT_EQ(best[0].id, 3u);
  EXPECT_EQ(best[1].id, 1u);
}

}  // namespace
}  // namespace cllm
