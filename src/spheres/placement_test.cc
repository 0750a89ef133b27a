#include "spheres/placement.h"

#include <gtest/gtest.h>

#include "spheres/spheres.h"

namespace cllm {
namespace {

// `nodes` NUMA nodes of `caches` last-level caches of `cores` cores of `threads` hardware threads.
Machine MakeMachine(size_t nodes, size_t caches, size_t cores, unsigned threads = 1) {
  Machine machine;
  unsigned index = 0;
  for (size_t core = 0; core < nodes * caches * cores; ++core) {
    Core& added = machine.cores.emplace_back(Core{.cache = core / cores, .node = core / (caches * cores)});
    for (unsigned i = 0; i < threads; ++i) added.hardware_threads.push_back(index++);
  }
  return machine;
}

std::vector<size_t> LeavesOfLevel(const Placement& placement, size_t level) {
  std::vector<size_t> leaves;
  for (const GroupSphere& group : placement.groups) {
    if (group.level == level) leaves.push_back(group.leaves);
  }
  return leaves;
}

using Sizes = std::vector<size_t>;

TEST(Placement, OneCache_GroupsOfAtMostTwelveNest) {
  const Machine machine = MakeMachine(1, 1, 2);
  EXPECT_EQ(LeavesOfLevel(PlaceLeaves(machine, 12), 1), Sizes{12});
  EXPECT_EQ(PlaceLeaves(machine, 12).groups.size(), 1u);
  EXPECT_EQ(LeavesOfLevel(PlaceLeaves(machine, 13), 1), (Sizes{6, 7}));
  EXPECT_EQ(LeavesOfLevel(PlaceLeaves(machine, 13), 2), Sizes{13});

  const Placement of_63 = PlaceLeaves(machine, 63);
  EXPECT_EQ(LeavesOfLevel(of_63, 1), (Sizes{10, 11, 10, 11, 10, 11}));
  EXPECT_EQ(LeavesOfLevel(of_63, 2), Sizes{63});
  EXPECT_EQ(of_63.groups.size(), 7u);

  EXPECT_EQ(LeavesOfLevel(PlaceLeaves(machine, 144), 2), Sizes{144});
  const Placement of_145 = PlaceLeaves(machine, 145);
  EXPECT_EQ(LeavesOfLevel(of_145, 1).size(), 13u);
  EXPECT_EQ(LeavesOfLevel(of_145, 2).size(), 2u);
  EXPECT_EQ(LeavesOfLevel(of_145, 3), Sizes{145});
}

TEST(Placement, AnyMachineAndLeaves_TreeIsSound) {
  for (const Machine& machine : {MakeMachine(1, 1, 1), MakeMachine(1, 1, 2), MakeMachine(2, 4, 8), MakeMachine(4, 1, 5),
                                 MakeMachine(2, 6, 1), MakeMachine(1, 4, 3, 2)}) {
    for (size_t leaves = 1; leaves <= 400; ++leaves) {
      const Placement placement = PlaceLeaves(machine, leaves);
      ASSERT_EQ(placement.leaves.size(), leaves);
      std::vector<size_t> children(placement.groups.size());
      size_t covered = 0;
      for (size_t g = 0; g < placement.groups.size(); ++g) {
        const GroupSphere& group = placement.groups[g];
        ASSERT_GE(group.children, 1u);
        ASSERT_LE(group.children, kSphereFanOut);
        if (g < placement.level_one_groups) {
          ASSERT_EQ(group.level, 1u);
          ASSERT_EQ(group.first_leaf, covered);
          covered += group.leaves;
        }
        if (g + 1 == placement.groups.size()) {
          ASSERT_EQ(group.parent, g);
          ASSERT_EQ(group.leaves, leaves);
          continue;
        }
        const GroupSphere& parent = placement.groups[group.parent];
        ASSERT_EQ(parent.level, group.level + 1);
        ++children[group.parent];
        ASSERT_GE(group.first_leaf, parent.first_leaf);
        ASSERT_LE(group.first_leaf + group.leaves, parent.first_leaf + parent.leaves);
      }
      ASSERT_EQ(covered, leaves);
      for (size_t g = placement.level_one_groups; g < children.size(); ++g) {
        ASSERT_EQ(children[g], placement.groups[g].children);
      }
      for (size_t i = 0; i < leaves; ++i) {
        const GroupSphere& group = placement.groups[placement.leaves[i].group];
        ASSERT_TRUE(i >= group.first_leaf && i < group.first_leaf + group.leaves && group.level == 1);
        ASSERT_LT(placement.leaves[i].cache_domain, placement.cache_domains);
      }
    }
  }
}

TEST(Placement, SeveralCaches_AreDomainsAndGroupsDoNotCrossNodes) {
  const Placement full = PlaceLeaves(MakeMachine(2, 2, 8), 32);
  EXPECT_EQ(full.cache_domains, 4u);
  EXPECT_EQ(LeavesOfLevel(full, 1), (Sizes{8, 8, 8, 8}));  // two domains of 8 do not fit one group
  EXPECT_EQ(full.leaves[7].cache_domain, 0u);
  EXPECT_EQ(full.leaves[8].cache_domain, 1u);

  const Placement small_caches = PlaceLeaves(MakeMachine(2, 4, 3), 24);
  EXPECT_EQ(small_caches.cache_domains, 8u);
  EXPECT_EQ(LeavesOfLevel(small_caches, 1), (Sizes{12, 12}));  // four domains of 3 share a group and a node

  const Placement wide = PlaceLeaves(MakeMachine(2, 1, 20), 40);
  EXPECT_EQ(wide.cache_domains, 2u);
  EXPECT_EQ(LeavesOfLevel(wide, 1), (Sizes{10, 10, 10, 10}));
}

TEST(Placement, FewLeaves_UseFewDomains) {
  EXPECT_EQ(PlaceLeaves(MakeMachine(2, 4, 8), 1).cache_domains, 1u);
  EXPECT_EQ(PlaceLeaves(MakeMachine(2, 4, 8), 8).cache_domains, 1u);
  EXPECT_EQ(PlaceLeaves(MakeMachine(2, 4, 8), 9).cache_domains, 2u);
}

TEST(Placement, CacheForEachCore_NodesAreDomains) {
  EXPECT_EQ(PlaceLeaves(MakeMachine(1, 16, 1), 16).cache_domains, 1u);
  EXPECT_EQ(PlaceLeaves(MakeMachine(2, 16, 1), 32).cache_domains, 2u);
}

TEST(Placement, LeavesFillTheMachine_EachIsBoundToItsCore) {
  const Placement placement = PlaceLeaves(MakeMachine(1, 2, 4, 2), 8);
  for (unsigned i = 0; i < 8; ++i) {
    EXPECT_EQ(placement.leaves[i].hardware_threads, (std::vector<unsigned>{2 * i, 2 * i + 1}));
  }
}

TEST(Placement, MoreLeavesThanCores_AreBoundToTheirDomain) {
  const Placement placement = PlaceLeaves(MakeMachine(1, 2, 2), 10);
  for (size_t i = 0; i < 10; ++i) {
    const auto expected = i < 5 ? std::vector<unsigned>{0, 1} : std::vector<unsigned>{2, 3};
    EXPECT_EQ(placement.leaves[i].hardware_threads, expected) << i;
  }
  for (const LeafPlace& place : PlaceLeaves(MakeMachine(1, 1, 2), 63).leaves) {
    EXPECT_TRUE(place.hardware_threads.empty());
  }
}

TEST(Placement, FewerLeavesThanCoresOrQuota_AreNotBound) {
  for (const LeafPlace& place : PlaceLeaves(MakeMachine(1, 2, 4), 7).leaves) {
    EXPECT_TRUE(place.hardware_threads.empty());
  }
  Machine limited = MakeMachine(1, 2, 4);
  limited.quota = 3;
  for (const size_t leaves : {size_t{3}, size_t{8}, size_t{20}}) {
    for (const LeafPlace& place : PlaceLeaves(limited, leaves).leaves) EXPECT_TRUE(place.hardware_threads.empty());
  }
}

}  // namespace
}  // namespace cllm
