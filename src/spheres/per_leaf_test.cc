#include "spheres/per_leaf.h"

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

namespace cllm {
namespace {

std::unique_ptr<Spheres> StartOrDie(SpheresOptions options) {
  auto spheres = Spheres::Start(options);
  CHECK(spheres.ok());
  return *std::move(spheres);
}

std::atomic<int> alive = 0;

struct Scratch {
  explicit Scratch(size_t of_leaf) : leaf(of_leaf) { ++alive; }
  ~Scratch() { --alive; }
  uint64_t bytes() const { return 1000 + leaf; }

  size_t leaf;
  uint64_t uses = 0;
  std::thread::id maker = std::this_thread::get_id();
};

struct Other {
  size_t number = 7;
};

Result<std::unique_ptr<Scratch>> MakeScratch(const Leaf& leaf) { return std::make_unique<Scratch>(leaf.index); }

TEST(PerLeaf, Make_AnyLeavesAndPermits_OnEachLeafsOwnThreadAndReachedThere) {
  for (const size_t leaves : {1u, 2u, 13u, 63u}) {
    const auto spheres = StartOrDie({.leaves = leaves, .permits = 2});
    auto scratch = PerLeaf<Scratch>::Make(*spheres, MakeScratch);
    auto other = PerLeaf<Other>::Make(*spheres, [](const Leaf&) { return std::make_unique<Other>(); });
    ASSERT_TRUE(scratch.ok() && other.ok());
    EXPECT_EQ(alive, static_cast<int>(leaves));
    const Status status = spheres->Run(200, [&](Leaf& leaf, size_t) -> Status {
      Scratch& own = (*scratch)[leaf];
      ++own.uses;
      const bool right = own.leaf == leaf.index && own.maker == std::this_thread::get_id();
      return right && (*other)[leaf].number == 7 ? Status() : Failed("another leaf's object");
    });
    EXPECT_TRUE(status.ok()) << status.message();
  }
  EXPECT_EQ(alive, 0);
}

TEST(PerLeaf, Bytes_AreInTheStatisticsWhileItExists) {
  const auto spheres = StartOrDie({.leaves = 5});
  const auto held = [&](size_t leaf) { return spheres->Statistics().leaves[leaf].bytes; };
  {
    auto first = PerLeaf<Scratch>::Make(*spheres, MakeScratch);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(held(3), 1003u);
    PerLeaf<Scratch> moved = *std::move(first);
    EXPECT_EQ(held(3), 1003u);
    const auto second = PerLeaf<Scratch>::Make(*spheres, MakeScratch);
    EXPECT_EQ(held(4), 2008u);
  }
  EXPECT_EQ(held(4), 0u);
}

TEST(PerLeaf, MakeFails_LowestLeafIsReportedAndOthersAreReleased) {
  const auto spheres = StartOrDie({.leaves = 63});
  const auto made = PerLeaf<Scratch>::Make(*spheres, [](const Leaf& leaf) -> Result<std::unique_ptr<Scratch>> {
    if (leaf.index % 20 == 15) return NoResources("leaf " + std::to_string(leaf.index));
    return MakeScratch(leaf);
  });
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.status().code(), Code::kNoResources);
  EXPECT_EQ(made.status().message(), "leaf 15");
  EXPECT_EQ(alive, 0);
  for (const LeafStatistics& leaf : spheres->Statistics().leaves) EXPECT_EQ(leaf.bytes, 0u);
}

TEST(PerLeaf, MakeThrows_IsAnError) {
  const auto spheres = StartOrDie({.leaves = 3});
  const auto made = PerLeaf<Scratch>::Make(*spheres, [](const Leaf&) -> Result<std::unique_ptr<Scratch>> {
    throw std::runtime_error("no room");
  });
  ASSERT_FALSE(made.ok());
  EXPECT_NE(made.status().message().find("no room"), std::string::npos);
}

TEST(OnEachLeaf, AnyLeavesAndPermits_OnceOnEachAlsoAfterAnError) {
  for (const size_t leaves : {1u, 7u, 63u}) {
    const auto spheres = StartOrDie({.leaves = leaves, .permits = 3});
    for (int phase = 0; phase < 20; ++phase) {
      std::vector<int> calls(leaves);
      const Status status = spheres->OnEachLeaf([&](Leaf& leaf) -> Status {
        ++calls[leaf.index];
        return leaf.index == 5 ? Failed("leaf 5") : Status();
      });
      EXPECT_EQ(status.ok(), leaves < 6);
      EXPECT_EQ(calls, std::vector<int>(leaves, 1));
    }
  }
}

// Plain counters on purpose: no two leaves that work hold the same permit (proven by the thread sanitizer).
TEST(LeafPermit, AnyLeaves_IsOneOfTheTeamSizeAndNobodyElsesMeanwhile) {
  for (const size_t leaves : {2u, 7u, 63u}) {
    const auto spheres = StartOrDie({.leaves = leaves, .permits = 3});
    std::vector<uint64_t> uses(spheres->team_size());
    for (int phase = 0; phase < 10; ++phase) {
      const auto count = [&](const Leaf& leaf) { ++uses.at(leaf.permit); };
      ASSERT_TRUE(spheres->Run(200, [&](Leaf& leaf, size_t) -> Status { return count(leaf), Status(); }).ok());
      ASSERT_TRUE(spheres->RunTeam(uses.size(), [&](Leaf& leaf, const Team&) { count(leaf); }).ok());
    }
    uint64_t sum = 0;
    for (const uint64_t count : uses) sum += count;
    EXPECT_EQ(sum, 10 * (200 + uses.size()));
  }
}

}  // namespace
}  // namespace cllm
