#include "train/memory_estimate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

constexpr ModelShape kEstimated{.layers = 2, .heads = 2, .width = 32, .hidden = 88, .context = 16, .vocabulary = 300};

TEST(MemoryEstimate, Total_IsTheSumOfTheListedParts) {
  const MemoryEstimate estimate = EstimateMemory(kEstimated, {}, {.leaves = 3, .permits = 2, .cache_domains = 2}, 2);
  EXPECT_EQ(estimate.total(), estimate.contexts + estimate.accumulators + estimate.weights + estimate.optimizer +
                                  estimate.packed_weights + estimate.update_scratch + estimate.exchange);
  for (const MemoryPart& part : MemoryParts()) {
    EXPECT_GT(estimate.*part.bytes, 0u) << part.key;
    EXPECT_THAT(estimate.Text(), testing::HasSubstr(part.name));
  }
  EXPECT_THAT(estimate.Text(), testing::HasSubstr("each of 3 workers"));
}

TEST(MemoryEstimate, GrowsWithWhatItDependsOn) {
  const MemoryEstimate few = EstimateMemory(kEstimated, {}, {.leaves = 3, .permits = 2, .cache_domains = 1});
  const MemoryEstimate crowded = EstimateMemory(kEstimated, {}, {.leaves = 63, .permits = 2, .cache_domains = 1});
  const MemoryEstimate domains = EstimateMemory(kEstimated, {}, {.leaves = 3, .permits = 2, .cache_domains = 4});
  EXPECT_EQ(crowded.contexts, 21 * few.contexts);
  EXPECT_EQ(crowded.update_scratch, few.update_scratch);  // for each permit, not for each worker
  EXPECT_EQ(domains.accumulators, 4 * few.accumulators);
}

TEST(MemoryEstimate, OfRanks_SharesTheMomentsAndNotTheCheckpoint) {
  const MemoryEstimate alone = EstimateMemory(kEstimated, {}, {.leaves = 1, .permits = 1, .cache_domains = 1});
  const MemoryEstimate shared = EstimateMemory(kEstimated, {}, {.leaves = 1, .permits = 1, .cache_domains = 1}, 3);
  EXPECT_EQ(alone.exchange, 0u);
  EXPECT_THAT(alone.Text(), testing::Not(testing::HasSubstr("between ranks")));
  EXPECT_LT(shared.optimizer, alone.optimizer);
  EXPECT_GE(3 * shared.optimizer, alone.optimizer);
  EXPECT_EQ(shared.checkpoint, alone.checkpoint);
}

}  // namespace
}  // namespace cllm
