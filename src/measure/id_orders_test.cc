#include "measure/id_orders.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "lattice/similarity.h"

namespace cllm::measure {
namespace {

// A vocabulary of six: one that keeps its place, then two roots and their variants.
TokenLattice SmallLattice() {
  const LatticeToken tokens[] = {{"<unk>", 0, true}, {"sea", 5}, {" sea", 9}, {"Sea", 1}, {"land", 7}, {" land", 8}};
  return TokenLattice::Build(tokens);
}

std::vector<uint32_t> TokensByRow(const IdOrder& order) {
  std::vector<uint32_t> tokens(order.row.size());
  for (uint32_t token = 0; token < tokens.size(); ++token) tokens[order.row[token]] = token;
  return tokens;
}

TEST(IdOrders, Spiral_KeepsVariantsOfARootTogether) {
  // "land" and "sea" have 15 occurrences each; equal counts are ordered by bytes.
  const auto orders = IdOrders(SmallLattice(), {}, 1);
  EXPECT_EQ(orders[0].name, "spiral");
  EXPECT_EQ(TokensByRow(orders[0]), (std::vector<uint32_t>{0, 4, 5, 1, 2, 3}));
}

TEST(IdOrders, Frequency_PutsWhatIsReadMostFirst_AfterTheFixedTokens) {
  const std::vector<uint32_t> text = {5, 3, 3, 5, 3, 0, 0, 0, 0, 2};
  EXPECT_EQ(TokensByRow(IdOrders(SmallLattice(), text, 1)[1]), (std::vector<uint32_t>{0, 3, 5, 2, 1, 4}));
  EXPECT_EQ(TokensByRow(IdOrders(SmallLattice(), text, 2)[1]), (std::vector<uint32_t>{0, 1, 3, 5, 2, 4}));
}

TEST(IdOrders, EveryOrder_IsAPermutationThatKeepsTheFixed) {
  for (const IdOrder& order : IdOrders(SmallLattice(), {}, 2)) {
    EXPECT_EQ(order.row[0], 0u) << order.name;
    EXPECT_EQ(order.row[1], 1u) << order.name;
    std::vector<uint32_t> rows = order.row;
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(rows, (std::vector<uint32_t>{0, 1, 2, 3, 4, 5})) << order.name;
  }
}

TEST(IdOrders, Shuffled_LeavesFewTokensInPlace) {
  std::vector<std::string> names;
  for (size_t i = 0; i < 1000; ++i) names.push_back(std::to_string(i));
  std::vector<LatticeToken> tokens;
  for (const std::string& name : names) tokens.push_back({name, 1});
  const IdOrder shuffled = IdOrders(TokenLattice::Build(tokens), {}, 3)[2];
  size_t in_place = 0;
  for (uint32_t i = 3; i < shuffled.row.size(); ++i) in_place += shuffled.row[i] == i;
  EXPECT_LT(in_place, 20u);
}

TEST(Cache, ReplacesWhatWasUsedLeastRecently) {
  Cache cache(1, 2, 64);
  for (const uint64_t line : {0u, 1u, 0u, 2u, 0u, 1u}) cache.Read(64 * line, 64 * line + 1);
  EXPECT_EQ(cache.misses(), 4u);  // 0, 1, 2 for 1, 1 for 2
}

TEST(Cache, SetsAreChosenByTheBlock) {
  Cache cache(2, 1, 64);
  for (const uint64_t line : {0u, 1u, 0u, 1u, 2u, 1u}) cache.Read(64 * line, 64 * line + 64);
  EXPECT_EQ(cache.misses(), 3u);
}

TEST(Cache, ARangeIsReadBlockByBlock) {
  Cache cache(16, 4, 64);
  cache.Read(60, 129);
  EXPECT_EQ(cache.misses(), 3u);
  cache.Read(0, 192);
  EXPECT_EQ(cache.misses(), 3u);
}

TEST(MissesOf, RowsThatShareAPage_MissItOnce) {
  const IdOrder order{.name = "as they are", .row = {0, 1, 2, 3}};
  const std::vector<uint32_t> tokens = {0, 1, 0, 1, 2, 3};
  const ReadMisses misses = MissesOf(order, tokens, kPage / 2);
  EXPECT_DOUBLE_EQ(misses.pages, 2.0 / 6);
  EXPECT_DOUBLE_EQ(misses.lines_512_kib, 4.0 * 32 / 6);
}

TEST(SimilarityInPages, IsTheMeanOverPairsOfAPage) {
  const TokenLattice lattice = SmallLattice();
  IdOrder order{.name = "as they are", .row = {0, 1, 2, 3, 4, 5}};
  const auto similarity = [&](size_t a, size_t b) {
    return SpatialSimilarity(UlamPointOf(lattice.rank(a)), UlamPointOf(lattice.rank(b)));
  };
  EXPECT_DOUBLE_EQ(SimilarityInPages(order, lattice, kPage / 2).value(),
                   (similarity(0, 1) + similarity(2, 3) + similarity(4, 5)) / 3);
  EXPECT_FALSE(SimilarityInPages(order, lattice, kPage).has_value());
}

TEST(SimilarityOfRandomPairs, OfTwoTokens_IsTheirs) {
  const LatticeToken tokens[] = {{"a", 2}, {"b", 1}};
  const double expected = SpatialSimilarity(UlamPointOf(1), UlamPointOf(2));
  EXPECT_NEAR(SimilarityOfRandomPairs(TokenLattice::Build(tokens), 10), expected, 1e-15);
}

}  // namespace
}  // namespace cllm::measure
