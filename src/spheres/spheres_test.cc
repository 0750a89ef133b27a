#include "spheres/spheres.h"
#include "spheres/testing/started.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <numeric>
#include <stdexcept>
#include <thread>

namespace cllm {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

TEST(Spheres, Run_AnyLeavesAndItems_EachItemOnce) {
  for (const size_t leaves : {1u, 2u, 3u, 7u, 12u, 13u, 16u, 63u, 145u}) {
    const auto spheres = StartOrDie({.leaves = leaves});
    EXPECT_EQ(spheres->leaves(), leaves);
    size_t total = 0;
    for (const size_t items : {0u, 1u, 5u, 128u, 1000u}) {
      std::vector<std::atomic<int>> seen(items);
      const Status status = spheres->Run(items, [&](Leaf& leaf, size_t item) -> Status {
        EXPECT_LT(leaf.index, leaves);
        EXPECT_LT(leaf.cache_domain, spheres->cache_domains());
        ++seen[item];
        return {};
      });
      EXPECT_TRUE(status.ok()) << status.message();
      for (size_t i = 0; i < items; ++i) ASSERT_EQ(seen[i], 1) << leaves << " leaves, item " << i << " of " << items;
      total += items;
    }
    uint64_t counted = 0;
    for (const LeafStatistics& leaf : spheres->Statistics().leaves) counted += leaf.items;
    EXPECT_EQ(counted, total);
  }
}

// Runs phases of `items` and expects each leaf to have processed at least one in each of them.
void ExpectEveryLeafWorks(size_t leaves, size_t items, int phases, microseconds sleep) {
  const auto spheres = StartOrDie({.leaves = leaves});
  for (int phase = 0; phase < phases; ++phase) {
    std::vector<size_t> of_leaf(leaves);
    const Status status = spheres->Run(items, [&](Leaf& leaf, size_t) -> Status {
      ++of_leaf[leaf.index];
      if (sleep.count() > 0) std::this_thread::sleep_for(sleep);
      return {};
    });
    ASSERT_TRUE(status.ok());
    ASSERT_GE(*std::min_element(of_leaf.begin(), of_leaf.end()), 1u) << leaves << " leaves, " << items << " items";
  }
}

TEST(Spheres, Run_AtLeastAsManyItemsAsLeaves_EveryLeafProcessesOne) {
  for (const size_t leaves : {2u, 7u, 13u, 63u}) {
    ExpectEveryLeafWorks(leaves, leaves, 200, {});
    ExpectEveryLeafWorks(leaves, 128, 200, {});
    ExpectEveryLeafWorks(leaves, leaves + 1, 2, microseconds(500));
    ExpectEveryLeafWorks(leaves, 128, 2, microseconds(200));
  }
}

TEST(Spheres, Run_Shuffle_OtherOrderSameItems) {
  const auto order_of = [](uint64_t shuffle) {
    const auto spheres = StartOrDie({.leaves = 1, .shuffle = shuffle});
    std::vector<size_t> order;
    EXPECT_TRUE(spheres->Run(100, [&](Leaf&, size_t item) -> Status { return order.push_back(item), Status(); }).ok());
    return order;
  };
  std::vector<size_t> natural(100);
  std::iota(natural.begin(), natural.end(), size_t{0});
  EXPECT_EQ(order_of(0), natural);
  std::vector<size_t> shuffled = order_of(1);
  EXPECT_NE(shuffled, natural);
  EXPECT_NE(shuffled, order_of(2));
  EXPECT_EQ(shuffled, order_of(1));
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, natural);
}

TEST(Spheres, Run_Errors_LowestItemWins) {
  const auto spheres = StartOrDie({.leaves = 4, .permits = 4});
  std::atomic<int> failing = 0;
  // Items 1, 2, 3 fail together: none returns before all three are inside.
  const Status status = spheres->Run(4, [&](Leaf&, size_t item) -> Status {
    if (item == 0) return {};
    ++failing;
    while (failing < 3) std::this_thread::yield();
    return Diverged("item " + std::to_string(item));
  });
  EXPECT_EQ(status.code(), Code::kDiverged);
  EXPECT_EQ(status.message(), "item 1");
}

TEST(Spheres, Run_AfterAnError_NoItemStartsAndTheNextPhaseIsWhole) {
  const auto spheres = StartOrDie({.leaves = 3});
  std::atomic<size_t> started = 0;
  const Status status = spheres->Run(1000, [&](Leaf&, size_t) -> Status {
    ++started;
    return Failed("broken");
  });
  EXPECT_EQ(status.message(), "broken");
  EXPECT_LE(started, 3u);  // one on each leaf at most
  started = 0;
  EXPECT_TRUE(spheres->Run(1000, [&](Leaf&, size_t) -> Status { return ++started, Status(); }).ok());
  EXPECT_EQ(started, 1000u);
}

TEST(Spheres, Run_WorkOrMeanwhileThrows_BecomesAnError) {
  const auto spheres = StartOrDie({.leaves = 2});
  const auto fine = [](Leaf&, size_t) -> Status { return {}; };
  const Status thrown =
      spheres->Run(10, [](Leaf&, size_t item) -> Status { throw std::runtime_error("item " + std::to_string(item)); });
  EXPECT_EQ(thrown.code(), Code::kFailed);
  EXPECT_NE(thrown.message().find("item "), std::string::npos) << thrown.message();
  EXPECT_EQ(spheres->Run(10, [](Leaf&, size_t) -> Status { throw 1; }).code(), Code::kFailed);
  std::atomic<int> done = 0;
  const Status planned = spheres->Run(
      10, [&](Leaf&, size_t) -> Status { return ++done, Status(); }, [] { throw std::runtime_error("plan"); });
  EXPECT_NE(planned.message().find("plan"), std::string::npos);
  EXPECT_EQ(done, 10);
  EXPECT_TRUE(spheres->Run(10, fine).ok());
}

TEST(Spheres, Run_Meanwhile_IsOnTheCallingThreadWhileLeavesWork) {
  const auto spheres = StartOrDie({.leaves = 2});
  const std::thread::id node_zero = std::this_thread::get_id();
  std::atomic<bool> planned = false;
  const Status status = spheres->Run(
      1,
      [&](Leaf&, size_t) -> Status {
        while (!planned) std::this_thread::yield();  // would hang if the plan came after the work
        return std::this_thread::get_id() == node_zero ? Failed("work on Node Zero") : Status();
      },
      [&] { planned = std::this_thread::get_id() == node_zero; });
  EXPECT_TRUE(status.ok()) << status.message();
  bool ran = false;
  EXPECT_TRUE(spheres
                  ->Run(
                      0, [](Leaf&, size_t) -> Status { return Failed("no item exists"); }, [&] { ran = true; })
                  .ok());
  EXPECT_TRUE(ran);
}

// The most items inside work at once over some phases.
size_t MostAtOnce(Spheres& spheres) {
  std::atomic<size_t> inside = 0, most = 0;
  for (int phase = 0; phase < 5; ++phase) {
    const Status status = spheres.Run(100, [&](Leaf&, size_t) -> Status {
      const size_t now = ++inside;
      for (size_t seen = most; seen < now && !most.compare_exchange_weak(seen, now);) continue;
      std::this_thread::sleep_for(microseconds(200));
      --inside;
      return {};
    });
    EXPECT_TRUE(status.ok());
  }
  return most;
}

TEST(Spheres, Run_Permits_AreNeverExceededAndAllUsed) {
  EXPECT_EQ(MostAtOnce(*StartOrDie({.leaves = 63, .permits = 3})), 3u);
  EXPECT_EQ(MostAtOnce(*StartOrDie({.leaves = 5, .permits = 1})), 1u);
  EXPECT_EQ(MostAtOnce(*StartOrDie({.leaves = 5, .permits = 9})), 5u);
  const size_t usable = PlanSpheres({}).leaves;
  const auto crowded = StartOrDie({.leaves = 145});
  EXPECT_EQ(crowded->Statistics().permits, usable);
  EXPECT_LE(MostAtOnce(*crowded), usable);
}

TEST(Spheres, Plan_IsWhatStartUses) {
  const size_t hardware = std::max(1u, std::thread::hardware_concurrency());
  EXPECT_GE(PlanSpheres({}).leaves, 1u);
  EXPECT_LE(PlanSpheres({}).leaves, hardware);
  for (const size_t leaves : {0u, 1u, 2u, 63u}) {
    const SpherePlan plan = PlanSpheres({.leaves = leaves});
    const auto spheres = StartOrDie({.leaves = leaves});
    EXPECT_EQ(spheres->leaves(), plan.leaves);
    EXPECT_EQ(spheres->cache_domains(), plan.cache_domains);
    EXPECT_EQ(spheres->Statistics().permits, plan.permits);
  }
}

TEST(Spheres, Statistics_AreSumsOfTheWork) {
  for (const size_t leaves : {1u, 63u, 145u}) {
    const auto spheres = StartOrDie({.leaves = leaves});
    for (int phase = 0; phase < 3; ++phase) {
      const Status status = spheres->Run(300, [&](Leaf& leaf, size_t item) -> Status {
        std::this_thread::sleep_for(microseconds(20));
        spheres->Count(leaf, item, 0.5);
        return {};
      });
      ASSERT_TRUE(status.ok());
    }
    const SphereStatistics statistics = spheres->Statistics();
    ASSERT_EQ(statistics.leaves.size(), leaves);
    LeafStatistics sum;
    for (size_t i = 0; i < leaves; ++i) {
      const LeafStatistics& leaf = statistics.leaves[i];
      EXPECT_GE(leaf.items, 3u);
      EXPECT_GE(leaf.busy_s, 20e-6 * static_cast<double>(leaf.items));
      EXPECT_LE(leaf.steals, leaf.items);
      // Busy and waiting make up the phases, which last equally long for all.
      EXPECT_NEAR(leaf.busy_s + leaf.waiting_s, statistics.leaves[0].busy_s + statistics.leaves[0].waiting_s, 1e-9);
      sum.items += leaf.items;
      sum.tokens += leaf.tokens;
      sum.accumulation_s += leaf.accumulation_s;
      sum.busy_s += leaf.busy_s;
      sum.steals += leaf.steals;
    }
    EXPECT_EQ(sum.items, 900u);
    EXPECT_EQ(sum.tokens, 3u * 299 * 300 / 2);
    EXPECT_EQ(sum.accumulation_s, 450.0);
    const SphereStatistics::Group& top = statistics.groups.back();
    EXPECT_EQ(top.leaves, leaves);
    EXPECT_EQ(top.items, sum.items);
    EXPECT_EQ(top.steals, sum.steals);
    EXPECT_NEAR(top.busy_s, sum.busy_s, 1e-9);
    EXPECT_GE(top.level, leaves == 1 ? 1u : leaves == 63 ? 2u : 3u);
    uint64_t level_one_items = 0;
    for (const SphereStatistics::Group& group : statistics.groups) {
      if (group.level == 1) level_one_items += group.items;
      EXPECT_TRUE(group.level > 1 || group.leaves <= kSphereFanOut);
    }
    EXPECT_EQ(level_one_items, sum.items);
  }
}

TEST(Spheres, Run_SlowGroup_NeighboursSteal) {
  const auto spheres = StartOrDie({.leaves = 24, .permits = 24});
  const size_t first_group = spheres->Statistics().groups[0].leaves;
  const Status status = spheres->Run(240, [&](Leaf& leaf, size_t) -> Status {
    std::this_thread::sleep_for(leaf.index < first_group ? milliseconds(5) : milliseconds(0));
    return {};
  });
  ASSERT_TRUE(status.ok());
  const SphereStatistics statistics = spheres->Statistics();
  EXPECT_GT(statistics.groups[1].steals, 0u);
  EXPECT_LT(statistics.groups[0].items, 240 * first_group / 24);
}

TEST(Spheres, Run_PlainMemoryOfAPhase_IsVisibleToTheNext) {
  // No atomics on purpose: the barriers alone order the accesses (proven by the thread sanitizer).
  for (const size_t leaves : {2u, 30u}) {
    const auto spheres = StartOrDie({.leaves = leaves});
    std::vector<uint64_t> values(100, 1);
    uint64_t sum = 0;
    for (int phase = 0; phase < 20; ++phase) {
      ASSERT_TRUE(spheres->Run(100, [&](Leaf&, size_t item) -> Status { return values[item] += sum, Status(); }).ok());
      sum = std::accumulate(values.begin(), values.end(), uint64_t{0}) % 1000;
      ASSERT_TRUE(spheres
                      ->Run(100,
                            [&](Leaf&, size_t item) -> Status {
                              values[item] = (values[item] + values[item] % 7) % 1000;
                              return {};
                            })
                      .ok());
    }
    EXPECT_GT(sum, 0u);
  }
}

}  // namespace
}  // namespace cllm
