#include <gtest/gtest.h>

#include <limits>

#include "kernels/elementwise.h"
#include "kernels/reductions.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

TEST(Reductions, Sums_EveryLengthAndAlignment_AreTheScalarLaneSumBitForBit) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      for (size_t misalignment : {0u, 1u, 3u, 7u, 15u}) {
        const auto x = RandomValues(1 + n, n), y = RandomValues(1000 + n, n);
        GuardedMatrix gx(x, misalignment), gy(y, misalignment / 2);
        EXPECT_EQ(Sum(gx.data(), n), (ScalarLaneSum<float>(n, [&](size_t i, float lane) { return lane + x[i]; })));
        EXPECT_EQ(Dot(gx.data(), gy.data(), n),
                  (ScalarLaneSum<float>(n, [&](size_t i, float lane) { return std::fma(x[i], y[i], lane); })));
        EXPECT_EQ(SumSquares(gx.data(), n),
                  (ScalarLaneSum<float>(n, [&](size_t i, float lane) { return std::fma(x[i], x[i], lane); })));
        EXPECT_EQ(SumSquaresDouble(gx.data(), n), (ScalarLaneSum<double>(n, [&](size_t i, double lane) {
                    return std::fma(static_cast<double>(x[i]), static_cast<double>(x[i]), lane);
                  })));
        EXPECT_TRUE(gx.Intact() && gy.Intact());
      }
    }
  });
}

TEST(Reductions, Sums_AgainstDouble_WithinTheBoundOfTheLongestLane) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const auto x = RandomValues(2 + n, n), y = RandomValues(2000 + n, n);
      const auto ones = std::vector<double>(n, 1.0);
      const auto xd = Doubles(x), yd = Doubles(y);
      double magnitude = 0, products = 0;
      for (size_t i = 0; i < n; ++i) magnitude += std::abs(xd[i]), products += std::abs(xd[i] * yd[i]);
      const double roundings = static_cast<double>(n / 16 + 5) * kFloatEps;
      EXPECT_NEAR(Sum(x.data(), n), reference::Dot(xd.data(), ones.data(), n), roundings * magnitude);
      EXPECT_NEAR(Dot(x.data(), y.data(), n), reference::Dot(xd.data(), yd.data(), n), roundings * products);
      const double squares = reference::Dot(xd.data(), xd.data(), n);
      EXPECT_NEAR(SumSquares(x.data(), n), squares, roundings * squares);
      EXPECT_NEAR(SumSquaresDouble(x.data(), n), squares, 1e-14 * squares);
    }
  });
}

TEST(Reductions, MaxValue_ThePlaceOfTheMaximum_DoesNotMatter) {
  ForEachTarget([](const std::string&) {
    EXPECT_EQ(MaxValue(nullptr, 0), -kInfinity);
    for (size_t n : Lengths()) {
      for (size_t at = 0; at < n; ++at) {
        auto x = RandomValues(n, n, -9.0f, -5.0f);
        x[at] = -4.0f;
        GuardedMatrix row(x, at % 5);
        EXPECT_EQ(MaxValue(row.data(), n), -4.0f) << n << " " << at;
      }
    }
    const std::vector<float> zeros = {-0.0f, -0.0f, 0.0f, -0.0f};
    EXPECT_EQ(std::bit_cast<uint32_t>(MaxValue(zeros.data(), 1)), 0u);
    EXPECT_EQ(std::bit_cast<uint32_t>(MaxValue(zeros.data(), zeros.size())), 0u);
  });
}

TEST(Reductions, AllFinite_AnySpecialAnywhere_IsSeen) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      auto x = RandomValues(n, n, -1e38f, 1e38f);
      for (size_t at = 0; at < n; ++at) {
        ASSERT_TRUE(AllFinite(GuardedMatrix(x, at % 3).data(), n));
        for (float special : {kInfinity, -kInfinity, kNan, -kNan}) {
          auto damaged = x;
          damaged[at] = special;
          ASSERT_FALSE(AllFinite(damaged.data(), n)) << n << " " << at;
        }
      }
    }
  });
}

TEST(Elementwise, EveryLength_IsOneRoundingPerElement) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const auto x = RandomValues(3 + n, n), y = RandomValues(3000 + n, n);
      GuardedMatrix gx(x, 3), added(y, 1), scaled(y, 2), fused(y, 5);
      AddTo(added.data(), gx.data(), n);
      Scale(scaled.data(), 1.7f, n);
      MultiplyAdd(fused.data(), 0.3f, gx.data(), n);
      for (size_t i = 0; i < n; ++i) {
        ASSERT_EQ(added.data()[i], y[i] + x[i]);
        ASSERT_EQ(scaled.data()[i], y[i] * 1.7f);
        ASSERT_EQ(fused.data()[i], std::fma(0.3f, x[i], y[i]));
      }
      EXPECT_TRUE(gx.Intact() && added.Intact() && scaled.Intact() && fused.Intact());
    }
  });
}

}  // namespace
}  // namespace cllm
