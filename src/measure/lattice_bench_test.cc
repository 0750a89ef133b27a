#include "measure/lattice_bench.h"

#include <gtest/gtest.h>

#include <vector>

namespace cllm::measure {
namespace {

TEST(BenchLattice, BothTables_HaveTheirRows) {
  const LatticeToken names[] = {{"<unk>", 0, true}, {"sea", 5}, {" sea", 9}, {"Sea", 1}, {"land", 7}, {" land", 8}};
  const TokenLattice lattice = TokenLattice::Build(names);
  std::vector<uint32_t> tokens(kMinLatticeTokens);
  for (uint32_t i = 0; i < tokens.size(); ++i) tokens[i] = i * i % 6;
  const LatticeOptions options{.widths = {8, 40}, .rounds = 5};
  const auto pairs = BenchPairs(lattice, tokens, options);
  ASSERT_TRUE(pairs.ok()) << pairs.status().message();
  EXPECT_EQ(pairs->table.Rows().size(), 4u);
  const auto orders = BenchIdOrders(lattice, tokens, 1, options);
  ASSERT_TRUE(orders.ok()) << orders.status().message();
  EXPECT_EQ(orders->table.Rows().size(), 6u);
}

}  // namespace
}  // namespace cllm::measure
