#include "measure/sphere_times.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

namespace cllm::measure {
namespace {

constexpr size_t kLeaves = 14;  // two groups and one above them

std::unique_ptr<Spheres> Pool() {
  auto spheres = Spheres::Start({.leaves = kLeaves, .permits = 2});
  CHECK(spheres.ok());
  return *std::move(spheres);
}

// A phase in which every leaf works for 2 ms and says that it accumulated for one of them.
void Phase(Spheres& spheres) {
  const auto status = spheres.OnEachLeaf([&](Leaf& leaf) -> Status {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    spheres.Count(leaf, 10, 0.001);
    return {};
  });
  CHECK(status.ok());
}

TEST(PhaseTimes, EachPhase_CountsToItsPart) {
  const auto spheres = Pool();
  PhaseTimes times(*spheres);
  Phase(*spheres);
  times.Ended(StepPhase::kItems);
  Phase(*spheres);
  times.Ended(StepPhase::kReduce);
  Phase(*spheres);
  times.Ended(StepPhase::kUpdate);
  Phase(*spheres);
  times.Ended(StepPhase::kPack);
  ASSERT_EQ(times.leaves().size(), kLeaves);
  EXPECT_GE(times.phases_s(), 0.008);
  for (const SphereTimes& leaf : times.leaves()) {
    EXPECT_EQ(leaf.items, 1u);
    EXPECT_EQ(leaf.tokens, 10u);
    EXPECT_DOUBLE_EQ(leaf.accumulation_s, 0.001);
    EXPECT_GE(leaf.items_s, 0.001);
    EXPECT_GE(leaf.reduction_s, 0.002);
    EXPECT_GE(leaf.update_s, 0.004);
    EXPECT_NEAR(leaf.busy_s() + leaf.waiting_s, times.phases_s(), 1e-6);
  }
}

TEST(PhaseTimes, Groups_AreTheSumsOfTheirLeaves) {
  const auto spheres = Pool();
  PhaseTimes times(*spheres);
  Phase(*spheres);
  times.Ended(StepPhase::kItems);
  const auto groups = times.Groups();
  ASSERT_EQ(groups.size(), 3u);
  EXPECT_EQ(groups[0].leaves + groups[1].leaves, kLeaves);
  EXPECT_EQ(groups[1].first_leaf, groups[0].leaves);
  EXPECT_EQ(groups[2].tokens, times.Sum().tokens);
  EXPECT_EQ(groups[0].tokens + groups[1].tokens, groups[2].tokens);
  EXPECT_NEAR(groups[2].items_s, times.Sum().items_s, 1e-9);
}

TEST(PhaseTimes, Restart_ForgetsWhatWas) {
  const auto spheres = Pool();
  PhaseTimes times(*spheres);
  Phase(*spheres);
  times.Ended(StepPhase::kItems);
  Phase(*spheres);
  times.Restart();
  EXPECT_EQ(times.Sum().tokens, 0u);
  EXPECT_EQ(times.phases_s(), 0);
  Phase(*spheres);
  times.Ended(StepPhase::kUpdate);
  EXPECT_EQ(times.Sum().items_s, 0);
  EXPECT_GE(times.Sum().update_s, 0.002 * kLeaves);
}

TEST(PhaseTimes, ProcessorTime_IsThatOfThePhase) {
  const auto spheres = Pool();
  PhaseTimes times(*spheres);
  const auto burn = [] {
    for (const double begin = ReadProcessUsage().processor_s; ReadProcessUsage().processor_s - begin < 0.05;) {
    }
  };
  burn();
  const double begin = ReadProcessUsage().processor_s;
  times.Begin();
  const auto status = spheres->Run(1, [&](Leaf&, size_t) -> Status {
    burn();
    return {};
  });
  ASSERT_TRUE(status.ok());
  const double worked = ReadProcessUsage().processor_s;
  times.Ended(StepPhase::kItems);
  const double ended = ReadProcessUsage().processor_s;
  times.Ended(StepPhase::kReduce);
  const double all = ReadProcessUsage().processor_s;
  EXPECT_GE(times.processor_s(StepPhase::kItems), 0.05);
  EXPECT_LE(times.processor_s(StepPhase::kItems), ended - begin);  // not what was burnt before
  EXPECT_LE(times.processor_s(StepPhase::kReduce), all - worked);  // nor the items again
}

}  // namespace
}  // namespace cllm::measure
