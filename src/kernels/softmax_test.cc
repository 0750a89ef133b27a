#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "kernels/softmax.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"
#include "math/scalar.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr float kScale = 0.3f;
constexpr float kRange = 30.0f;  // scores are in [-30, 30)

// Relative error of one probability: the argument of exp (at most 2 * kRange * kScale in magnitude, twice rounded),
// exp, the sum and its inverse.
double ProbabilityError(size_t n) { return (4 * kRange * kScale + 12 + static_cast<double>(n) / 16) * kFloatEps; }

std::vector<float> Padded(std::vector<float> values, size_t padded) {
  values.resize(padded, 7.0f);
  return values;
}

TEST(SoftmaxRow, EveryLength_AgainstDouble) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      if (n == 0) continue;
      const size_t padded = n + n % 5;
      const auto scores = Padded(RandomValues(n, n, -kRange, kRange), padded);
      GuardedMatrix x(scores, n % 4), again(scores, n % 3);
      const float lse = SoftmaxRow(x.data(), n, padded, kScale);
      SoftmaxRowFromLse(again.data(), n, padded, kScale, lse);
      auto expected = Doubles(scores);
      const double expected_lse = reference::SoftmaxRow(expected.data(), n, padded, static_cast<double>(kScale));
      const auto tolerance = [&](size_t i) { return ProbabilityError(n) * expected[i]; };
      ExpectClose(x.Values(), expected, tolerance, "p");
      ExpectClose(again.Values(), expected, tolerance, "p from the log-sum-exp");
      EXPECT_NEAR(lse, expected_lse, ProbabilityError(n));
      EXPECT_TRUE(x.Intact() && again.Intact());
    }
  });
}

TEST(SoftmaxRow, EveryLength_IsTheScalarFormBitForBit_WhateverThePadding) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      if (n == 0) continue;
      const auto scores = RandomValues(n, n, -kRange, kRange);
      float maximum = scores[0] * kScale;
      for (float s : scores) maximum = std::max(maximum, s * kScale);
      std::vector<float> p(n);
      for (size_t i = 0; i < n; ++i) p[i] = math::Exp(scores[i] * kScale - maximum);
      const float sum = ScalarLaneSum<float>(n, [&](size_t i, float lane) { return lane + p[i]; });
      for (float& v : p) v *= 1.0f / sum;
      for (size_t padded : {n, n + 1, n + 17}) {
        auto row = Padded(scores, padded);
        ASSERT_EQ(SoftmaxRow(row.data(), n, padded, kScale), maximum + math::Log(sum));
        row.resize(n);
        ASSERT_EQ(Bits(row), Bits(p)) << n << " of " << padded;
      }
    }
  });
}

TEST(SoftmaxRow, LargeScores_StayFinite) {
  ForEachTarget([](const std::string&) {
    std::vector<float> row = {-3e30f, 3e30f, 3e30f, 0.0f, 9.0f};
    EXPECT_EQ(SoftmaxRow(row.data(), 4, 5, 1.0f), 3e30f);
    EXPECT_EQ(row, (std::vector<float>{0.0f, 0.5f, 0.5f, 0.0f, 0.0f}));
  });
}

TEST(SoftmaxRow, BackwardEveryLength_AgainstDouble) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const size_t padded = n + n % 5;
      const auto p = Padded(RandomValues(n, n, 0.0f, 1.0f), padded), d_p = Padded(RandomValues(n + 1, n), padded);
      const float delta = 0.4f;
      GuardedMatrix gp(p, 1), gd(d_p, 2);
      SoftmaxRowBackward(gp.data(), gd.data(), n, padded, kScale, delta);
      auto expected = Doubles(d_p);
      reference::SoftmaxRowBackward(Doubles(p).data(), expected.data(), n, padded, static_cast<double>(kScale),
                                    static_cast<double>(delta));
      ExpectClose(gd.Values(), expected, [&](size_t i) { return 4 * kFloatEps * std::abs(expected[i]); }, "d_scores");
      EXPECT_TRUE(gp.Intact() && gd.Intact());
    }
  });
}

TEST(SoftmaxRow, Backward_IsTheFiniteDifferenceOfForward) {
  const size_t n = 11;
  const double scale = 0.7;
  const auto scores = Doubles(RandomValues(1, n)), d_p = Doubles(RandomValues(2, n));
  auto p = scores, d_scores = d_p;
  reference::SoftmaxRow(p.data(), n, n, scale);
  reference::SoftmaxRowBackward(p.data(), d_scores.data(), n, n, scale, reference::Dot(p.data(), d_p.data(), n));
  for (size_t i = 0; i < n; ++i) {
    const double difference = FiniteDifference(scores, i, [&](std::vector<double> x) {
      reference::SoftmaxRow(x.data(), n, n, scale);
      return reference::Dot(x.data(), d_p.data(), n);
    });
    EXPECT_NEAR(d_scores[i], difference, 1e-8);
  }
}

}  // namespace
}  // namespace cllm
