#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <numeric>

#include "base/system.h"
#include "base/testing/sanitized.h"
#include "model/context.h"
#include "model/transformer.h"
#include "spheres/per_leaf.h"
#include "train/memory_estimate.h"

// What a worker takes (design section 6): computed before the start, and measured with all pages touched.
namespace cllm {
namespace {

constexpr ModelShape kLarge{.layers = 6, .heads = 8, .width = 256, .hidden = 1024, .context = 64, .vocabulary = 788};
constexpr size_t kWorkers = 63;
constexpr double kMebibyte = 1 << 20;

MemoryEstimate Estimate(size_t workers) { 
  return EstimateMemory(kLarge, StepOptions(), {.leaves = workers, .permits = 2, .cache_domains = 1});
}

TEST(WorkerMemory, Computed_IsWithinTheDesignsFigures) {
  const MemoryEstimate one = Estimate(1), all = Estimate(kWorkers);
  EXPECT_EQ(one.context_per_worker, TrainingContext(kLarge, 1).bytes());
  EXPECT_EQ(one.contexts, one.context_per_worker + one.stack_per_worker);
  EXPECT_LE(static_cast<double>(one.contexts) / kMebibyte, 6.1);
  EXPECT_EQ(all.contexts, kWorkers * one.contexts);
  EXPECT_LE(static_cast<double>(all.contexts) / kMebibyte, 386);
  EXPECT_LE(static_cast<double>(all.accumulators) / 1e6, 53);
  RecordProperty("bytes_per_worker", std::to_string(one.contexts));
}

#ifndef CLLM_SANITIZED

// Resident bytes of the calling thread's stack.
size_t ResidentStack() {
  pthread_attr_t attributes;
  CHECK(pthread_getattr_np(pthread_self(), &attributes) == 0);
  void* base = nullptr;
  size_t size = 0;
  CHECK(pthread_attr_getstack(&attributes, &base, &size) == 0);
  pthread_attr_destroy(&attributes);
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> resident(size / page);
  CHECK(mincore(base, size, resident.data()) == 0);
  const auto pages = std::count_if(resident.begin(), resident.end(), [](auto flags) { return (flags & 1) != 0; });
  return page * static_cast<size_t>(pages);
}

// 63 workers that each trained an item: the process grew by no more than what was computed, and by no less than the
// contexts, whose every page is touched.
TEST(WorkerMemory, Measured_AfterTrainingOnEachWorker_IsWithinTheComputed) {
  Weights weights(kLarge, Precision::kFp32);
  InitializeParameters(1, weights.parameters());
  weights.PackAll();
  std::vector<int32_t> classes(kLarge.vocabulary);
  std::iota(classes.begin(), classes.end(), 0);
  const Transformer transformer(weights, {classes, classes});
  ExactAccumulator accumulator(weights.layout().size(), weights.layout().grids());

  const uint64_t before = ReadProcessMemory().anonymous;
  auto spheres = Spheres::Start({.leaves = kWorkers});
  ASSERT_TRUE(spheres.ok()) << spheres.status().message();
  const auto contexts = PerLeaf<TrainingContext>::Make(
      **spheres, [](const Leaf&) { return std::make_unique<TrainingContext>(kLarge, 1); });
  ASSERT_TRUE(contexts.ok()) << contexts.status().message();
  std::atomic<size_t> largest_stack = 0;
  const Status status = (*spheres)->Run(kWorkers, [&](Leaf& leaf, size_t item) -> Status {
    TrainingContext& context = (*contexts)[leaf];
    for (size_t t = 0; t < kLarge.context; ++t) {
      context.inputs[t] = static_cast<uint32_t>((item + t) % kLarge.vocabulary);
      context.targets[t] = static_cast<uint32_t>((item + 7 * t) % kLarge.vocabulary);
    }
    GradientSink sink{.accumulator = &accumulator, .scale = 1.0f / kWorkers / 64};
    LossSums sums;
    transformer.Train(context, 1, 0.1f, {.rate = 0.1f, .key = item}, sums, sink);
    const size_t stack = ResidentStack();
    for (size_t seen = largest_stack; stack > seen && !largest_stack.compare_exchange_weak(seen, stack);) {
    }
    return sums.finite && sink.in_range ? Status() : Diverged("not a number");
  });
  ASSERT_TRUE(status.ok()) << status.message();
  const double growth = static_cast<double>(ReadProcessMemory().anonymous - before);
  for (const LeafStatistics& leaf : (*spheres)->Statistics().leaves) EXPECT_EQ(leaf.items, 2u);  // context and item

  const MemoryEstimate estimate = Estimate(kWorkers);
  EXPECT_LE(largest_stack, estimate.stack_per_worker);
  // Beside its context and stack a thread has what the C library keeps of it: a heap arena's first pages and the like.
  constexpr double kThread = 32 << 10;
  EXPECT_LE(growth, static_cast<double>(estimate.contexts) + kWorkers * kThread);
  EXPECT_LE(growth / kMebibyte, 386);
  EXPECT_GE(growth, static_cast<double>(kWorkers * estimate.context_per_worker));
  RecordProperty("growth_bytes", std::to_string(growth));
  RecordProperty("stack_bytes", std::to_string(largest_stack));
}

#endif

}  // namespace
}  // namespace cllm
