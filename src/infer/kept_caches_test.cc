#include "infer/kept_caches.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

using Tokens = std::vector<uint32_t>;

const KeyValueCache& Empty() {
  static const KeyValueCache cache(
      ModelShape{.layers = 1, .heads = 1, .width = 8, .hidden = 8, .context = 8, .vocabulary = 9});
  return cache;
}

// Of the cache that shares the longest beginning, none as an empty list.
Tokens Found(KeptCaches& caches, const Tokens& tokens) {
  const KeptCaches::Kept* kept = caches.Longest(tokens);
  return kept == nullptr ? Tokens() : kept->tokens;
}

TEST(KeptCaches, CommonBeginning_EndsAtTheFirstDifferenceOrTheShorterEnd) {
  EXPECT_EQ(CommonBeginning(Tokens{1, 2, 3}, Tokens{1, 2, 4, 3}), 2u);
  EXPECT_EQ(CommonBeginning(Tokens{1, 2}, Tokens{1, 2, 4}), 2u);
  EXPECT_EQ(CommonBeginning(Tokens{}, Tokens{1}), 0u);
  EXPECT_EQ(CommonBeginning(Tokens{2}, Tokens{1}), 0u);
}

TEST(KeptCaches, Longest_SharesMost_OrIsNone) {
  KeptCaches caches(4);
  EXPECT_EQ(caches.Longest(Tokens{1}), nullptr);
  caches.Keep(Tokens{1, 2, 7}, Empty(), 3);
  caches.Keep(Tokens{1, 5}, Empty(), 2);
  EXPECT_EQ(Found(caches, {1, 2, 3, 4}), (Tokens{1, 2, 7}));
  EXPECT_EQ(Found(caches, {1, 5, 2}), (Tokens{1, 5}));
  EXPECT_EQ(Found(caches, {2, 1}), Tokens());
  EXPECT_EQ(caches.bytes(), 5u);
}

TEST(KeptCaches, Keep_TakesThePlaceOfABeginning_AndNotOfWhatIsLonger) {
  KeptCaches caches(4);
  caches.Keep(Tokens{1, 2}, Empty(), 2);
  caches.Keep(Tokens{1, 2, 3}, Empty(), 3);
  EXPECT_EQ(caches.bytes(), 3u);
  caches.Keep(Tokens{1}, Empty(), 1);
  EXPECT_EQ(caches.bytes(), 3u) << "there already, with more";
  caches.Keep(Tokens{}, Empty(), 1);
  EXPECT_EQ(caches.bytes(), 3u);
}

TEST(KeptCaches, WhatWasNotUsedForLongest_GoesFirst) {
  KeptCaches caches(2);
  caches.Keep(Tokens{1}, Empty(), 1);
  caches.Keep(Tokens{2}, Empty(), 1);
  EXPECT_EQ(Found(caches, {1}), Tokens{1}) << "a use";
  caches.Keep(Tokens{3}, Empty(), 1);
  EXPECT_EQ(Found(caches, {2}), Tokens());
  EXPECT_EQ(Found(caches, {3}), Tokens{3});
  EXPECT_TRUE(caches.DropLeastUsed());
  EXPECT_EQ(Found(caches, {1}), Tokens());
  EXPECT_TRUE(caches.DropLeastUsed());
  EXPECT_FALSE(caches.DropLeastUsed());
}

TEST(KeptCaches, OfNone_KeepNothing) {
  KeptCaches caches(0);
  caches.Keep(Tokens{1}, Empty(), 1);
  EXPECT_EQ(caches.Longest(Tokens{1}), nullptr);
}

}  // namespace
}  // namespace cllm
