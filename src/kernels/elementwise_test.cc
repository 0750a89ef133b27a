#include "kernels/elementwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

// Runs `kernel` on y and x of every length and misalignment on every target, and expects one(y[i], x[i]), rounded once.
template <typename Kernel, typename One>
void ExpectEachElement(const Kernel& kernel, const One& one) {
  ForEachTarget([&](const std::string&) {
    for (const size_t n : Lengths()) {
      const auto y = RandomValues(1 + n, n), x = RandomValues(1000 + n, n);
      std::vector<float> expected(n);
      for (size_t i = 0; i < n; ++i) expected[i] = one(y[i], x[i]);
      for (const size_t misalignment : {0u, 1u, 5u, 15u}) {
        GuardedMatrix gy(y, misalignment), gx(x, misalignment / 2);
        kernel(gy.data(), gx.data(), n);
        ASSERT_TRUE(SameBits(gy.Values(), expected)) << n << " floats, off by " << misalignment;
        ASSERT_TRUE(SameBits(gx.Values(), x));
        ASSERT_TRUE(gy.Intact() && gx.Intact()) << n << " floats, off by " << misalignment;
      }
    }
  });
}

TEST(Elementwise, AddTo_AddsEachOnce) {
  ExpectEachElement(AddTo, [](float y, float x) { return y + x; });
}

TEST(Elementwise, Scale_MultipliesEachOnce) {
  ExpectEachElement([](float* y, const float*, size_t n) { Scale(y, 1.7f, n); },
                    [](float y, float) { return 1.7f * y; });
}

TEST(Elementwise, MultiplyAdd_RoundsOnce) {
  ExpectEachElement([](float* y, const float* x, size_t n) { MultiplyAdd(y, 0.3f, x, n); },
                    [](float y, float x) { return std::fma(0.3f, x, y); });
}

TEST(Elementwise, SpecialValues_AreThoseOfArithmetic) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  constexpr float kDenormal = std::numeric_limits<float>::denorm_min();
  ForEachTarget([&](const std::string&) {
    for (size_t n = 1; n <= 17; ++n) {
      for (size_t at = 0; at < n; ++at) {
        std::vector<float> y(n, 1.0f), x(n, 2.0f);
        y[at] = kInfinity, x[at] = -kInfinity;
        AddTo(y.data(), x.data(), n);
        for (size_t i = 0; i < n; ++i) EXPECT_EQ(std::isnan(y[i]), i == at);
        std::vector<float> small(n, kDenormal);
        Scale(small.data(), 3.0f, n);
        EXPECT_EQ(small[at], 3 * kDenormal);
        std::vector<float> sum(n, -1.0f), product(n, 1 + 0x1p-23f);
        MultiplyAdd(sum.data(), 1 - 0x1p-23f, product.data(), n);
        EXPECT_EQ(sum[at], -0x1p-46f) << "a product that was rounded is one";
      }
    }
  });
}

}  // namespace
}  // namespace cllm
