#include "text/pair_table.h"

#include <gtest/gtest.h>

#include <map>

namespace cllm {
namespace {

TEST(PairTable, KeepsTheFirstNumberOfAPair) {
  PairTable table;
  EXPECT_EQ(table.Find(0, 0), PairTable::kAbsent);
  EXPECT_EQ(table.FindOrAdd(0, 0, 7), 7u);
  EXPECT_EQ(table.FindOrAdd(0, 0, 8), 7u);
  EXPECT_EQ(table.FindOrAdd(0, 1, 9), 9u);
  EXPECT_EQ(table.Find(1, 0), PairTable::kAbsent);
  EXPECT_EQ(table.size(), 2u);
}

TEST(PairTable, AgreesWithAMapThroughGrowth) {
  for (const size_t room : {size_t{0}, size_t{100'000}}) {
    PairTable table(room);
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> expected;
    for (uint64_t i = 0; i < 100'000; ++i) {
      const auto left = static_cast<uint32_t>(RandomBits(1, i) % 300),
                 right = static_cast<uint32_t>(RandomBits(2, i) % 300);
      const auto value = static_cast<uint32_t>(i);
      ASSERT_EQ(table.FindOrAdd(left, right, value), expected.try_emplace({left, right}, value).first->second);
    }
    EXPECT_EQ(table.size(), expected.size());
    for (const auto& [pair, value] : expected) ASSERT_EQ(table.Find(pair.first, pair.second), value);
  }
}

}  // namespace
}  // namespace cllm
