#include "data/scored_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/random.h"

namespace cllm {
namespace {

constexpr uint32_t kNone = 999;

ScoredSpans Of(const std::vector<uint64_t>& pairs) {
  return ScoredSpans(reinterpret_cast<const std::byte*>(pairs.data()), pairs.size() / 2);
}

TEST(ScoredSpans, WithoutSpans_AllIsScored) {
  const ScoredSpans all;
  EXPECT_TRUE(all.all());
  EXPECT_EQ(all.CountIn(5, 7), 7u);
  std::vector<uint32_t> tokens = {1, 2, 3};
  all.Mask(5, tokens, kNone);
  EXPECT_THAT(tokens, ::testing::ElementsAre(1, 2, 3));
  EXPECT_TRUE(all.Fits(3, 0));
}

TEST(ScoredSpans, NoSpanAtAll_ScoresNothing) {
  const ScoredSpans none = Of({});
  EXPECT_FALSE(none.all());
  EXPECT_EQ(none.CountIn(0, 100), 0u);
  std::vector<uint32_t> tokens = {1, 2};
  none.Mask(0, tokens, kNone);
  EXPECT_THAT(tokens, ::testing::ElementsAre(kNone, kNone));
}

// Every window of random spans, against a list of what is scored.
TEST(ScoredSpans, Windows_AreThoseOfAPlainList) {
  constexpr uint64_t kTokens = 60;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<bool> scored(kTokens);
    for (uint64_t i = 0; i < kTokens; ++i) scored[i] = RandomBits(seed, i / 3) % 3 == 0;
    std::vector<uint64_t> pairs;
    for (uint64_t i = 0; i < kTokens; ++i) {
      if (scored[i] && (i == 0 || !scored[i - 1])) pairs.push_back(i);
      if (scored[i] && (i + 1 == kTokens || !scored[i + 1])) pairs.push_back(i + 1);
    }
    const ScoredSpans spans = Of(pairs);
    EXPECT_TRUE(spans.Fits(kTokens, static_cast<uint64_t>(std::count(scored.begin(), scored.end(), true))));
    for (uint64_t begin = 0; begin < kTokens; ++begin) {
      for (uint64_t count = 0; begin + count <= kTokens; ++count) {
        std::vector<uint32_t> tokens(count), expected(count);
        std::iota(tokens.begin(), tokens.end(), 0);
        uint64_t all = 0;
        for (uint64_t i = 0; i < count; ++i) {
          expected[i] = scored[begin + i] ? static_cast<uint32_t>(i) : kNone;
          all += scored[begin + i];
        }
        spans.Mask(begin, tokens, kNone);
        ASSERT_EQ(tokens, expected) << seed << ' ' << begin << ' ' << count;
        ASSERT_EQ(spans.CountIn(begin, count), all);
      }
    }
  }
}

TEST(ScoredSpans, WhatIsOutOfOrder_IsSeen_AndLeadsNowhere) {
  for (const std::vector<uint64_t>& pairs : {std::vector<uint64_t>{4, 4}, {4, 2}, {0, 2, 1, 3}, {0, 2, 2, 3}, {0, 11},
                                             {~uint64_t{0}, 5}, {2, ~uint64_t{0}}, {5, 6, 0, 1}}) {
    const ScoredSpans spans = Of(pairs);
    EXPECT_FALSE(spans.Fits(10, 2));
    std::vector<uint32_t> tokens(10);
    spans.Mask(0, tokens, kNone);
    spans.Mask(3, std::span(tokens).first(5), kNone);
    EXPECT_LE(spans.CountIn(2, 8), 16u);
  }
  EXPECT_FALSE(Of({0, 2}).Fits(10, 3)) << "another number";
}

}  // namespace
}  // namespace cllm
