#include "serve/dashboard/live_run.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "monitor/queued_observer.h"

namespace cllm {
namespace {

TEST(LiveRuns, KnowPhaseAndSpheres_UntilTheEnd) {
  RunControl control;
  const auto run = std::make_shared<LiveRun>("run", control);
  LiveRunObserver observer(run);
  observer.OnPhase({.name = "evaluating", .share = 0.5});
  EXPECT_EQ(run->state().phase.name, "evaluating");
  const uint64_t before = run->state().changes;
  observer.OnStep({.step = 7, .elapsed_s = 2, .spheres = {.leaves = {{.items = 3}}, .groups = {}, .permits = 2}});
  const LiveRun::State state = run->state();
  EXPECT_GT(state.changes, before);
  EXPECT_EQ(state.phase.name, "") << "a step ends a phase";
  EXPECT_EQ(state.step, 7u);
  EXPECT_EQ(state.spheres.leaves.at(0).items, 3u);
  EXPECT_FALSE(state.ended);
  observer.OnEnd({});
  EXPECT_TRUE(run->state().ended);
}

// What the thread sanitizer looks at: a trainer that tells, and readers.
TEST(LiveRuns, AreToldAndReadAtOnce) {
  RunControl control;
  const auto run = std::make_shared<LiveRun>("run", control);
  std::atomic<bool> ended = false;
  {
    QueuedObserver queue(std::make_unique<LiveRunObserver>(run));
    std::vector<std::jthread> readers;
    for (int i = 0; i < 4; ++i) {
      readers.emplace_back([&] {
        uint64_t changes = 0;
        while (!ended) {
          const LiveRun::State state = run->state();
          EXPECT_GE(state.changes, changes);
          EXPECT_EQ(state.spheres.leaves.size(), state.step == 0 ? 0u : 5u);
          changes = state.changes;
          std::this_thread::yield();
        }
      });
    }
    for (uint64_t step = 1; step <= 2000; ++step) {
      queue.OnStep({.step = step, .spheres = {.leaves = std::vector<LeafStatistics>(5), .groups = {}}});
      if (step % 10 == 0) queue.OnPhase({.name = "saving"});
    }
    queue.OnEnd({});
    while (!run->state().ended) std::this_thread::yield();
    ended = true;
  }
  EXPECT_EQ(run->state().step, 2000u);
}

}  // namespace
}  // namespace cllm
