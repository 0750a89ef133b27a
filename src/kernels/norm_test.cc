#include <gtest/gtest.h>

#include <algorithm>

#include "kernels/norm.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr size_t kRows = 3;
constexpr float kEps = 1e-5f;

// Inputs of one shape, in float and in double.
struct NormCase {
  explicit NormCase(size_t c)
      : columns(c), x(RandomValues(10 + c, kRows * c)), weight(RandomValues(20 + c, c, 0.5f, 1.5f)),
        d_y(RandomValues(30 + c, kRows * c)) {}

  size_t columns;
  std::vector<float> x, weight, d_y;
};

struct DoubleNorm {
  std::vector<double> y, inverse_rms;
};

DoubleNorm Forward(const std::vector<double>& x, const std::vector<double>& weight, size_t columns) {
  DoubleNorm out{std::vector<double>(x.size()), std::vector<double>(kRows)};
  reference::RmsNorm(x.data(), columns, weight.data(), kRows, columns, static_cast<double>(kEps), out.y.data(),
                     columns, out.inverse_rms.data());
  return out;
}

TEST(RmsNorm, EveryWidth_AgainstDouble) {
  ForEachTarget([](const std::string&) {
    for (size_t columns : Lengths()) {
      if (columns == 0) continue;
      const NormCase in(columns);
      GuardedMatrix x(in.x, kRows, columns, columns % 4), y(std::vector<float>(in.x.size()), kRows, columns, 1);
      GuardedMatrix weight(in.weight, 3), inverse_rms(std::vector<float>(kRows), 2);
      RmsNorm(x.data(), x.stride(), weight.data(), kRows, columns, kEps, y.data(), y.stride(), inverse_rms.data());
      const auto expected = Forward(Doubles(in.x), Doubles(in.weight), columns);
      const double relative = static_cast<double>(columns / 16 + 10) * kFloatEps;
      ExpectClose(inverse_rms.Values(), expected.inverse_rms,
                  [&](size_t t) { return relative * expected.inverse_rms[t]; }, "inverse_rms");
      ExpectClose(y.Values(), expected.y, [&](size_t i) { return relative * std::abs(expected.y[i]); }, "y");
      EXPECT_TRUE(x.Intact() && y.Intact() && weight.Intact() && inverse_rms.Intact());
    }
  });
}

TEST(RmsNorm, EveryWidth_IsTheScalarFormBitForBit_AndApplyAgrees) {
  ForEachTarget([](const std::string&) {
    for (size_t columns : Lengths()) {
      if (columns == 0) continue;
      const NormCase in(columns);
      std::vector<float> y(in.x.size()), again(in.x.size()), inverse_rms(kRows);
      RmsNorm(in.x.data(), columns, in.weight.data(), kRows, columns, kEps, y.data(), columns, inverse_rms.data());
      RmsNormApply(in.x.data(), columns, in.weight.data(), inverse_rms.data(), kRows, columns, again.data(), columns);
      for (size_t t = 0; t < kRows; ++t) {
        const float* x = in.x.data() + t * columns;
        const float sum = ScalarLaneSum<float>(columns, [&](size_t i, float s) { return std::fma(x[i], x[i], s); });
        const float inverse = 1.0f / std::sqrt(sum / static_cast<float>(columns) + kEps);
        ASSERT_EQ(inverse_rms[t], inverse);
        for (size_t c = 0; c < columns; ++c) ASSERT_EQ(y[t * columns + c], x[c] * inverse * in.weight[c]);
      }
      EXPECT_EQ(Bits(y), Bits(again));
    }
  });
}

TEST(RmsNorm, BackwardEveryWidth_AgainstDouble_AddsToWhatIsThere) {
  ForEachTarget([](const std::string&) {
    for (size_t columns : Lengths()) {
      if (columns == 0) continue;
      const NormCase in(columns);
      const auto start = RandomValues(40, kRows * columns), start_weight = RandomValues(50, columns);
      std::vector<float> inverse_rms(kRows), y(in.x.size());
      RmsNorm(in.x.data(), columns, in.weight.data(), kRows, columns, kEps, y.data(), columns, inverse_rms.data());
      GuardedMatrix x(in.x, kRows, columns, 1), d_y(in.d_y, kRows, columns, 2), d_x(start, kRows, columns, 3);
      GuardedMatrix weight(in.weight, 1), d_weight(start_weight, 5);
      RmsNormBackward(d_y.data(), d_y.stride(), x.data(), x.stride(), weight.data(), inverse_rms.data(), kRows,
                      columns, d_x.data(), d_x.stride(), d_weight.data());
      auto expected_x = Doubles(start), expected_weight = Doubles(start_weight);
      const auto forward = Forward(Doubles(in.x), Doubles(in.weight), columns);
      reference::RmsNormBackward(Doubles(in.d_y).data(), columns, Doubles(in.x).data(), columns,
                                 Doubles(in.weight).data(), forward.inverse_rms.data(), kRows, columns,
                                 expected_x.data(), columns, expected_weight.data());
      // Terms: start (2), inverse * weight * d_y and the projection on x, each at most 2 * 1.5 * 2 * inverse.
      const double largest = *std::max_element(forward.inverse_rms.begin(), forward.inverse_rms.end());
      const double bound = static_cast<double>(columns / 16 + 16) * kFloatEps * (2 + 12 * largest);
      ExpectClose(d_x.Values(), expected_x, [&](size_t) { return bound; }, "d_x");
      ExpectClose(d_weight.Values(), expected_weight, [&](size_t) { return bound * kRows; }, "d_weight");
      EXPECT_TRUE(x.Intact() && d_y.Intact() && d_x.Intact() && weight.Intact() && d_weight.Intact());
    }
  });
}

TEST(RmsNorm, Backward_IsTheFiniteDifferenceOfForward) {
  const size_t columns = 13;
  const NormCase in(columns);
  const auto x = Doubles(in.x), weight = Doubles(in.weight), d_y = Doubles(in.d_y);
  std::vector<double> d_x(x.size()), d_weight(columns);
  reference::RmsNormBackward(d_y.data(), columns, x.data(), columns, weight.data(),
                             Forward(x, weight, columns).inverse_rms.data(), kRows, columns, d_x.data(), columns,
                             d_weight.data());
  const auto objective = [&](const std::vector<double>& y) { return reference::Dot(y.data(), d_y.data(), y.size()); };
  for (size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(d_x[i], FiniteDifference(x, i, [&](auto& p) { return objective(Forward(p, weight, columns).y); }),
                1e-8);
  }
  for (size_t c = 0; c < columns; ++c) {
    EXPECT_NEAR(d_weight[c], FiniteDifference(weight, c, [&](auto& p) { return objective(Forward(x, p, columns).y); }),
                1e-8);
  }
}

}  // namespace
}  // namespace cllm
