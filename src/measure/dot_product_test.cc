#include "measure/dot_product.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernels/simd.h"

namespace cllm::measure {
namespace {

TEST(DotProduct, EveryLength_IsTheSumOfProducts) {
  std::vector<float> x(200), y(200);
  for (size_t i = 0; i < x.size(); ++i) {
    x[i] = static_cast<float>(i % 7) - 3;
    y[i] = static_cast<float>(i % 5) + 1;  // whole numbers: every sum is exact
  }
  for (const std::string& target : SimdTargets()) {
    ASSERT_TRUE(ForceSimd(target).ok());
    float sum = 0;
    for (size_t n = 0; n < x.size(); ++n) {
      EXPECT_EQ(DotProduct(x.data(), y.data(), n), sum) << target << ", " << n;
      sum += x[n] * y[n];
    }
  }
  ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
}

}  // namespace
}  // namespace cllm::measure
