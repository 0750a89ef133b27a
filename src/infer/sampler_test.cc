#include "infer/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace cllm {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Nothing cut, nothing changed.
SamplerOptions Plain() { return {.temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0}; }

std::vector<float> Logits(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

std::vector<uint32_t> Candidates(const SamplerOptions& options, const std::vector<float>& logits,
                                 const std::vector<uint32_t>& recent = {},
                                 const std::vector<uint32_t>& excluded = {}) {
  SamplerScratch scratch(logits.size());
  const auto candidates = Sampler(options).Candidates(logits, recent, excluded, scratch);
  return {candidates.begin(), candidates.end()};
}

std::vector<uint32_t> Draws(const SamplerOptions& options, const std::vector<float>& logits, size_t n,
                            const std::vector<uint32_t>& excluded = {}) {
  Sampler sampler(options);
  SamplerScratch scratch(logits.size());
  std::vector<uint32_t> draws;
  for (size_t i = 0; i < n; ++i) draws.push_back(sampler.Draw(logits, {}, excluded, scratch));
  return draws;
}

using Drawn = std::vector<uint32_t>;

const std::vector<double> kProbabilities = {0.1, 0.4, 0.05, 0.3, 0.15};  // in order: 1 3 4 0 2

TEST(Sampler, TemperatureZero_PicksTheMostProbable_TiesById) {
  SamplerOptions options = Plain();
  options.temperature = 0;
  EXPECT_EQ(Draws(options, Logits(kProbabilities), 3), (Drawn{1, 1, 1}));
  EXPECT_EQ(Draws(options, {1, 5, 2, 5, 5}, 2), (Drawn{1, 1}));
  EXPECT_EQ(Draws(options, {3, 3, 3}, 1), (Drawn{0}));
}

TEST(Sampler, NoCuts_AllCandidatesByProbabilityThenId) {
  EXPECT_EQ(Candidates(Plain(), Logits(kProbabilities)), (Drawn{1, 3, 4, 0, 2}));
  EXPECT_EQ(Candidates(Plain(), {2, 7, 2, 7}), (Drawn{1, 3, 0, 2}));
}

TEST(Sampler, TopK_KeepsTheKMostProbable) {
  SamplerOptions options = Plain();
  options.top_k = 2;
  EXPECT_EQ(Candidates(options, Logits(kProbabilities)), (Drawn{1, 3}));
  EXPECT_EQ(Candidates(options, {1, 1, 1}), (Drawn{0, 1}));
  options.top_k = 9;
  EXPECT_EQ(Candidates(options, Logits(kProbabilities)).size(), 5u);
}

TEST(Sampler, TopP_KeepsTheFewestThatReachIt) {
  SamplerOptions options = Plain();
  const auto kept = [&](double top_p) {
    options.top_p = top_p;
    return Candidates(options, Logits(kProbabilities));
  };
  EXPECT_EQ(kept(0), (Drawn{1}));
  EXPECT_EQ(kept(0.39), (Drawn{1}));
  EXPECT_EQ(kept(0.41), (Drawn{1, 3}));
  EXPECT_EQ(kept(0.69), (Drawn{1, 3}));
  EXPECT_EQ(kept(0.71), (Drawn{1, 3, 4}));
  EXPECT_EQ(kept(0.94), (Drawn{1, 3, 4, 0}));
  EXPECT_EQ(kept(0.96), (Drawn{1, 3, 4, 0, 2}));
}

TEST(Sampler, TopP_CountsWhatTopKLeft) {
  SamplerOptions options = Plain();
  options.top_k = 2;      // 0.4 and 0.3: 0.571 and 0.429 of what is left
  options.top_p = 0.56;
  EXPECT_EQ(Candidates(options, Logits(kProbabilities)), (Drawn{1}));
  options.top_p = 0.58;
  EXPECT_EQ(Candidates(options, Logits(kProbabilities)), (Drawn{1, 3}));
}

TEST(Sampler, MinP_DropsBelowTheShareOfTheMostProbable) {
  SamplerOptions options = Plain();
  const auto kept = [&](double min_p) {
    options.min_p = min_p;
    return Candidates(options, Logits(kProbabilities));
  };
  EXPECT_EQ(kept(0.12), (Drawn{1, 3, 4, 0, 2}));  // 0.05 / 0.4 = 0.125
  EXPECT_EQ(kept(0.13), (Drawn{1, 3, 4, 0}));
  EXPECT_EQ(kept(0.26), (Drawn{1, 3, 4}));
  EXPECT_EQ(kept(0.74), (Drawn{1, 3}));
  EXPECT_EQ(kept(0.76), (Drawn{1}));
  EXPECT_EQ(kept(1), (Drawn{1}));
}

TEST(Sampler, Cuts_ComeBeforeTemperature) {
  SamplerOptions options = Plain();
  options.temperature = 100;  // nearly uniform: cut afterwards, all five would stay
  options.top_p = 0.69;
  EXPECT_EQ(Candidates(options, Logits(kProbabilities)), (Drawn{1, 3}));
}

TEST(Sampler, RepeatPenalty_LowersEachRecentTokenOnce) {
  SamplerOptions options = Plain();
  options.repeat_penalty = 2;
  EXPECT_EQ(Candidates(options, {3, 2, 1.4f, -1}, Drawn{0, 0, 0}), (Drawn{1, 0, 2, 3}));     // 3 / 2
  EXPECT_EQ(Candidates(options, {-1, -1.5f, -3}, Drawn{0}), (Drawn{1, 0, 2}));               // -1 * 2
  options.repeat_window = 1;
  EXPECT_EQ(Candidates(options, {3, 2}, Drawn{0, 1}), (Drawn{0, 1}));
  options.repeat_window = 2;
  EXPECT_EQ(Candidates(options, {3, 2.1f, 1.9f}, Drawn{0, 1}), (Drawn{2, 0, 1}));
}

TEST(Sampler, RepeatPenalty_ComesBeforeTopK) {
  SamplerOptions options = Plain();
  options.repeat_penalty = 2;
  options.top_k = 1;
  EXPECT_EQ(Candidates(options, {3, 2}, Drawn{0}), (Drawn{1}));
}

TEST(Sampler, Draws_FollowTheProbabilities) {
  constexpr size_t kDraws = 20000;
  const Drawn draws = Draws(Plain(), Logits(kProbabilities), kDraws);
  for (uint32_t id = 0; id < kProbabilities.size(); ++id) {
    const double share = static_cast<double>(std::count(draws.begin(), draws.end(), id)) / kDraws;
    EXPECT_NEAR(share, kProbabilities[id], 0.015) << id;  // more than four standard deviations
  }
}

TEST(Sampler, Temperature_SharpensAndFlattens) {
  constexpr size_t kDraws = 20000;
  SamplerOptions options = Plain();
  for (const double temperature : {0.5, 2.0}) {
    options.temperature = temperature;
    const Drawn draws = Draws(options, Logits({0.8, 0.2}), kDraws);
    const double high = std::pow(0.8, 1 / temperature), low = std::pow(0.2, 1 / temperature);
    const double share = static_cast<double>(std::count(draws.begin(), draws.end(), 0u)) / kDraws;
    EXPECT_NEAR(share, high / (high + low), 0.015) << temperature;
  }
}

TEST(Sampler, SameSeed_SameDraws_OtherSeed_OtherDraws) {
  SamplerOptions options = Plain();
  const Drawn first = Draws(options, Logits(kProbabilities), 100);
  EXPECT_EQ(Draws(options, Logits(kProbabilities), 100), first);
  options.seed = 2;
  EXPECT_NE(Draws(options, Logits(kProbabilities), 100), first);
}

TEST(Sampler, Draw_DependsOnItsNumberNotOnEarlierLogits) {
  const std::vector<float> logits = Logits(kProbabilities);
  const Drawn expected = Draws(Plain(), logits, 50);
  Sampler sampler(Plain());
  SamplerScratch scratch(logits.size());
  for (size_t i = 0; i < 49; ++i) static_cast<void>(sampler.Draw(std::vector<float>{0, 0, 9, 0, 0}, {}, {}, scratch));
  EXPECT_EQ(sampler.Draw(logits, {}, {}, scratch), expected.back());
}

TEST(Sampler, Excluded_IsNeverDrawn) {
  SamplerOptions options = Plain();
  EXPECT_EQ(Candidates(options, {5, 1, 7, 2}, {}, Drawn{0, 2}), (Drawn{3, 1}));
  options.repeat_penalty = 2;
  EXPECT_EQ(Candidates(options, {5, 1}, Drawn{0, 1}, Drawn{0}), (Drawn{1}));
}

TEST(Sampler, NonFiniteLogits_StillPickAllowedTokens) {
  EXPECT_EQ(Candidates(Plain(), {kNan, 1, kInfinity, 9, -2}, {}, Drawn{3}), (Drawn{2, 1, 4, 0}));
  for (const double temperature : {0.0, 1e-300, 0.8, 1000.0}) {
    SamplerOptions options = Plain();
    options.temperature = temperature;
    options.repeat_penalty = 1.5;
    for (const std::vector<float>& logits :
         {std::vector<float>{0, kNan, kNan, kNan}, {0, kInfinity, kInfinity, kNan}, {0, 3e38f, -3e38f, kNan},
          {0, -kInfinity, -kInfinity, -kInfinity}}) {
      for (const uint32_t id : Draws(options, logits, 20, Drawn{0})) EXPECT_TRUE(id >= 1 && id <= 3) << temperature;
    }
  }
  EXPECT_EQ(Draws(Plain(), {kNan, kInfinity, 5}, 3), (Drawn{1, 1, 1}));
}

TEST(Sampler, LogitsAreNotChanged) {
  const std::vector<float> logits = Logits(kProbabilities), copy = logits;
  SamplerOptions options;
  options.repeat_penalty = 1.3;
  SamplerScratch scratch(logits.size());
  static_cast<void>(Sampler(options).Draw(logits, Drawn{0, 1}, {}, scratch));
  EXPECT_EQ(logits, copy);
}

TEST(SamplerOptions, OutOfRange_IsNamed) {
  EXPECT_TRUE(Validate(SamplerOptions{}).ok());
  const auto error = [](auto change) {
    SamplerOptions options;
    change(options);
    return Validate(options).message();
  };
  EXPECT_NE(error([](SamplerOptions& o) { o.temperature = -1; }).find("temperature is -1"), std::string::npos);
  EXPECT_NE(error([](SamplerOptions& o) { o.temperature = std::nan(""); }).find("temperature is nan"),
            std::string::npos);
  EXPECT_NE(error([](SamplerOptions& o) { o.top_p = 1.5; }).find("top-p is 1.5"), std::string::npos);
  EXPECT_NE(error([](SamplerOptions& o) { o.min_p = -0.1; }).find("min-p is -0.1"), std::string::npos);
  EXPECT_NE(error([](SamplerOptions& o) { o.repeat_penalty = 0; }).find("repeat penalty is 0"), std::string::npos);
}

}  // namespace
}  // namespace cllm
