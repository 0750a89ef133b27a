#include "spheres/barrier.h"

#include <gtest/gtest.h>

#include <thread>

namespace cllm {
namespace {

TEST(Barrier, ManyPhases_NobodyRunsAheadAndWritesAreSeen) {
  for (const size_t leaves : {size_t{1}, size_t{2}, size_t{13}, size_t{150}}) {
    Machine machine;
    machine.cores.assign(2, Core{.hardware_threads = {0}});
    const Placement placement = PlaceLeaves(machine, leaves);
    Barrier barrier(placement);
    constexpr uint32_t kPhases = 50;
    // Plain memory on purpose: the barrier alone orders the accesses (proven by the thread sanitizer).
    std::vector<uint32_t> progress(leaves);
    std::vector<std::jthread> threads;
    for (size_t leaf = 0; leaf < leaves; ++leaf) {
      threads.emplace_back([&, leaf] {
        const size_t group = placement.leaves[leaf].group;
        barrier.Arrive(group);
        for (uint32_t phase = 0; phase < kPhases;) {
          phase = barrier.AwaitPhase(group, phase, leaf % 2 == 0 ? Spin::kBriefly : Spin::kNever);
          progress[leaf] = phase;
          barrier.Arrive(group);
        }
      });
    }
    barrier.AwaitArrivals(Spin::kNever);
    for (uint32_t phase = 1; phase <= kPhases; ++phase) {
      ASSERT_EQ(progress, std::vector<uint32_t>(leaves, phase - 1));
      barrier.OpenPhase();
      barrier.AwaitArrivals(phase % 2 == 0 ? Spin::kBriefly : Spin::kNever);
    }
    EXPECT_EQ(progress, std::vector<uint32_t>(leaves, kPhases));
  }
}

}  // namespace
}  // namespace cllm
