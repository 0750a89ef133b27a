#include "kernels/peak.h"

#include <gtest/gtest.h>

#include "kernels/simd.h"

namespace cllm {
namespace {

// No machine with AVX2 or NEON is slower than 0.1 GFLOP/s or faster than 10,000 a thread, but a loop that a compiler
// removed would be.
TEST(Peak, EveryTarget_IsPlausible) {
  for (const std::string& target : SimdTargets()) {
    ASSERT_TRUE(ForceSimd(target).ok());
    for (const Precision precision : {Precision::kFp32, Precision::kBf16}) {
      const double gflops = PeakGflops(1, precision);
      EXPECT_GT(gflops, 0.1) << target;
      EXPECT_LT(gflops, 1e4) << target;
    }
  }
  ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
}

}  // namespace
}  // namespace cllm
