#include "spheres/spheres.h"

#include <gtest/gtest.h>

#include <atomic>

namespace cllm {
namespace {

TEST(Spheres, Run_AnyLeavesAndItems_EachItemOnce) {
  for (const size_t leaves : {1, 2, 3, 7, 12, 13, 16, 63, 145}) {
    auto spheres = Spheres::Start({.leaves = leaves});
    ASSERT_TRUE(spheres.ok()) << spheres.status().message();
    for (const size_t items : {0, 1, 5, 128, 1000}) {
      std::vector<std::atomic<int>> seen(items);
      const Status status = (*spheres)->Run(items, [&](Leaf& leaf, size_t item) -> Status {
        EXPECT_LT(leaf.index, leaves);
        ++seen[item];
        return {};
      });
      EXPECT_TRUE(status.ok()) << status.message();
      for (size_t i = 0; i < items; ++i) ASSERT_EQ(seen[i], 1) << leaves << " leaves, item " << i << " of " << items;
    }
  }
}

}  // namespace
}  // namespace cllm
