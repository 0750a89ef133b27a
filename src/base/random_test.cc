#include "base/random.h"

#include <gtest/gtest.h>

#include <vector>

namespace cllm {
namespace {

TEST(Random, Permute_AnySize_IsABijection) {
  for (uint64_t size : {1u, 2u, 3u, 7u, 64u, 1000u, 4097u}) {
    std::vector<int> seen(size, 0);
    for (uint64_t i = 0; i < size; ++i) ++seen[Permute(42, i, size)];
    for (uint64_t i = 0; i < size; ++i) EXPECT_EQ(seen[i], 1) << size << " " << i;
  }
}

TEST(Random, Permute_OtherKey_OtherOrder) {
  int same = 0;
  for (uint64_t i = 0; i < 1000; ++i) same += Permute(1, i, 1000) == Permute(2, i, 1000);
  EXPECT_LT(same, 20);
}

TEST(Random, UnitFloat_Draws_AreUniform) {
  double sum = 0, squares = 0;
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = UnitFloat(RandomBits(7, static_cast<uint64_t>(i)));
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.005);
  EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.005);
}

}  // namespace
}  // namespace cllm
