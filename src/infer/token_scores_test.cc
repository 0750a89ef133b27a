#include "infer/token_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cllm {
namespace {

std::vector<TokenLogprob> Best(const std::vector<float>& logits, size_t count) {
  std::vector<TokenLogprob> best(count);
  best.resize(BestTokens(logits, NormalizerOf(logits.data(), logits.size()), best));
  return best;
}

std::vector<uint32_t> Ids(const std::vector<TokenLogprob>& best) {
  std::vector<uint32_t> ids;
  for (const TokenLogprob& each : best) ids.push_back(each.id);
  return ids;
}

TEST(TokenScores, BestTokens_ComeBestFirst_TiesById) {
  const std::vector<float> logits = {1, 3, -2, 3, 2, 3};
  EXPECT_EQ(Ids(Best(logits, 4)), (std::vector<uint32_t>{1, 3, 5, 4}));
  EXPECT_EQ(Ids(Best(logits, 1)), (std::vector<uint32_t>{1}));
  EXPECT_EQ(Ids(Best(logits, 0)), std::vector<uint32_t>());
  EXPECT_EQ(Ids(Best(logits, 9)), (std::vector<uint32_t>{1, 3, 5, 4, 0, 2})) << "as many as there are";
}

TEST(TokenScores, BestTokens_LeaveOutWhatIsNoNumber) {
  const std::vector<float> logits = {1, std::numeric_limits<float>::quiet_NaN(), 2};
  EXPECT_EQ(Ids(Best(logits, 3)), (std::vector<uint32_t>{2, 0}));
}

TEST(TokenScores, Logprobs_AreThoseOfTheSoftmax) {
  const std::vector<float> logits = {0.5f, -1, 2, 0};
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
  const RowNormalizer normalizer = NormalizerOf(logits.data(), logits.size());
  for (const TokenLogprob& each : Best(logits, 4)) {
    EXPECT_NEAR(each.logprob, static_cast<double>(logits[each.id]) - std::log(sum), 1e-6);
    EXPECT_EQ(each.logprob, LogprobOf(normalizer, logits[each.id]));
  }
}

}  // namespace
}  // namespace cllm
