#include "spheres/items.h"

#include <gtest/gtest.h>

#include <thread>

namespace cllm {
namespace {

Placement PlaceOnOneCache(size_t leaves) {
  Machine machine;
  machine.cores.assign(2, Core{.hardware_threads = {0}});
  return PlaceLeaves(machine, leaves);
}

TEST(Items, GreedyLeaf_LeavesOneForEachOther) {
  const Placement placement = PlaceOnOneCache(30);
  Items items(placement);
  items.Deal(100);
  // One leaf takes all it can get, from every group.
  size_t taken = items.First(0).has_value();
  while (items.Next(0)) ++taken;
  EXPECT_EQ(taken, 100u - 29u);
  EXPECT_EQ(items.Left(), 29u);
  for (size_t leaf = 1; leaf < 30; ++leaf) {
    const auto claim = items.First(placement.leaves[leaf].group);
    ASSERT_TRUE(claim.has_value());
    EXPECT_FALSE(claim->stolen);
    EXPECT_FALSE(items.Next(placement.leaves[leaf].group).has_value());
  }
  EXPECT_EQ(items.Left(), 0u);
}

TEST(Items, FewerItemsThanLeaves_AnyLeafMayTakeThemAll) {
  const Placement placement = PlaceOnOneCache(30);
  Items items(placement);
  items.Deal(29);
  size_t taken = items.First(2).has_value();
  while (items.Next(2)) ++taken;
  EXPECT_EQ(taken, 29u);
  EXPECT_FALSE(items.First(0).has_value());
}

TEST(Items, Thief_TakesFromTheNearestGroupFirst) {
  const Placement placement = PlaceOnOneCache(60);  // 5 groups of 12
  Items items(placement);
  items.Deal(50);  // 10 in each group, fewer items than leaves: nothing is reserved
  std::vector<size_t> group_of_claim;
  for (auto claim = items.First(1); claim; claim = items.Next(1)) {
    EXPECT_EQ(claim->stolen, claim->position / 10 != 1);
    if (group_of_claim.empty() || group_of_claim.back() != claim->position / 10) {
      group_of_claim.push_back(claim->position / 10);
    }
  }
  EXPECT_EQ(group_of_claim, (std::vector<size_t>{1, 2, 0, 3, 4}));
}

TEST(Items, ManyThreads_EachPositionOnceAndEachLeafServed) {
  for (const size_t leaves : {size_t{4}, size_t{26}}) {
    const Placement placement = PlaceOnOneCache(leaves);
    for (const size_t count : {leaves, leaves + 1, 5 * leaves + 3}) {
      Items items(placement);
      items.Deal(count);
      std::vector<std::vector<size_t>> claims(leaves);
      {
        std::vector<std::jthread> threads;
        for (size_t leaf = 0; leaf < leaves; ++leaf) {
          threads.emplace_back([&, leaf] {
            const size_t group = placement.leaves[leaf].group;
            for (auto claim = items.First(group); claim; claim = items.Next(group)) {
              claims[leaf].push_back(claim->position);
            }
          });
        }
      }
      std::vector<int> seen(count);
      for (const auto& of_leaf : claims) {
        EXPECT_GE(of_leaf.size(), 1u);
        for (const size_t position : of_leaf) ++seen.at(position);
      }
      EXPECT_EQ(seen, std::vector<int>(count, 1));
    }
  }
}

}  // namespace
}  // namespace cllm
