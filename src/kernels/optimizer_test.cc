#include <gtest/gtest.h>

#include "kernels/optimizer.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr AdamW kAdamW = {.rate = 3e-3f, .beta1 = 0.9f, .beta2 = 0.99f, .eps = 1e-8f, .decay = 3e-4f,
                          .bias1 = 0.19f, .bias2 = 0.0199f, .gradient_scale = 0.5f};
constexpr float kMomentum = 0.95f;

reference::AdamW Exact(const AdamW& o) {
  return {o.rate, o.beta1, o.beta2, o.eps, o.decay, o.bias1, o.bias2, o.gradient_scale};
}

// State of n weights after some steps.
struct OptimizerCase {
  explicit OptimizerCase(size_t n)
      : weight(RandomValues(n, n)), m(RandomValues(n + 1, n, -0.1f, 0.1f)), v(RandomValues(n + 2, n, 0.0f, 0.01f)),
        gradient(RandomValues(n + 3, n)) {}
  std::vector<float> weight, m, v, gradient;
};

TEST(AdamW, EveryLength_AgainstDouble) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const OptimizerCase in(n);
      GuardedMatrix weight(in.weight, 1), m(in.m, 2), v(in.v, 3), gradient(in.gradient, n % 4);
      AdamWUpdate(kAdamW, weight.data(), m.data(), v.data(), gradient.data(), n);
      auto w = Doubles(in.weight), first = Doubles(in.m), second = Doubles(in.v);
      reference::AdamWUpdate(Exact(kAdamW), w.data(), first.data(), second.data(), Doubles(in.gradient).data(), n);
      ExpectClose(m.Values(), first, [](size_t) { return 4 * kFloatEps; }, "m");
      ExpectClose(v.Values(), second, [&](size_t i) { return 8 * kFloatEps * second[i]; }, "v");
      // The weight is below 2; an update m / sqrt(v) is below 30 here, times the rate.
      ExpectClose(weight.Values(), w, [](size_t) { return (2 * 2 + 30 * 3e-3 * 16) * kFloatEps; }, "weight");
      EXPECT_TRUE(weight.Intact() && m.Intact() && v.Intact() && gradient.Intact());
    }
  });
}

TEST(AdamW, EveryLength_IsTheScalarFormBitForBit) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const OptimizerCase in(n);
      auto weight = in.weight, m = in.m, v = in.v;
      AdamWUpdate(kAdamW, weight.data(), m.data(), v.data(), in.gradient.data(), n);
      for (size_t i = 0; i < n; ++i) {
        const float g = in.gradient[i] * kAdamW.gradient_scale;
        const float new_m = std::fma(kAdamW.beta1, in.m[i], (1.0f - kAdamW.beta1) * g);
        const float new_v = std::fma(kAdamW.beta2, in.v[i], (1.0f - kAdamW.beta2) * (g * g));
        const float denominator = std::sqrt(new_v * (1.0f / kAdamW.bias2)) + kAdamW.eps;
        const float update = kAdamW.rate / kAdamW.bias1 * new_m / denominator;
        ASSERT_EQ(m[i], new_m);
        ASSERT_EQ(v[i], new_v);
        ASSERT_EQ(weight[i], std::fma(-kAdamW.decay, in.weight[i], in.weight[i]) - update);
      }
    }
  });
}

TEST(AdamW, FirstStepFromZero_MovesByTheRateAgainstTheGradient) {
  AdamW first = kAdamW;
  first.bias1 = 1.0f - first.beta1;
  first.bias2 = 1.0f - first.beta2;
  first.decay = 0.0f;
  std::vector<float> weight = {1.0f, 1.0f, 1.0f}, m(3), v(3);
  const std::vector<float> gradient = {5.0f, -0.01f, 0.0f};
  AdamWUpdate(first, weight.data(), m.data(), v.data(), gradient.data(), 3);
  EXPECT_NEAR(weight[0], 1.0f - first.rate, 1e-6f);
  EXPECT_NEAR(weight[1], 1.0f + first.rate, 1e-6f);
  EXPECT_EQ(weight[2], 1.0f);
}

TEST(Muon, EveryLength_AgainstDoubleAndScalar) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const OptimizerCase in(n);
      GuardedMatrix weight(in.weight, 1), m(in.m, 2), gradient(in.gradient, 3), direction(std::vector<float>(n), 5);
      MuonMomentum(kMomentum, 0.5f, m.data(), gradient.data(), direction.data(), n);
      MuonApply(0.01f, 1e-3f, weight.data(), direction.data(), n);
      auto w = Doubles(in.weight), md = Doubles(in.m);
      std::vector<double> dd(n);
      reference::MuonMomentum(static_cast<double>(kMomentum), 0.5, md.data(), Doubles(in.gradient).data(), dd.data(),
                              n);
      reference::MuonApply(static_cast<double>(0.01f), static_cast<double>(1e-3f), w.data(), dd.data(), n);
      ExpectClose(m.Values(), md, [](size_t) { return 4 * kFloatEps; }, "m");
      ExpectClose(direction.Values(), dd, [](size_t) { return 8 * kFloatEps; }, "direction");
      ExpectClose(weight.Values(), w, [](size_t) { return 6 * kFloatEps; }, "weight");
      for (size_t i = 0; i < n; ++i) {
        const float g = in.gradient[i] * 0.5f, new_m = std::fma(kMomentum, in.m[i], g);
        const float step = std::fma(kMomentum, new_m, g);
        ASSERT_EQ(direction.data()[i], step);
        ASSERT_EQ(weight.data()[i], std::fma(-0.01f, step, in.weight[i] * (1.0f - 1e-3f)));
      }
      EXPECT_TRUE(weight.Intact() && m.Intact() && gradient.Intact() && direction.Intact());
    }
  });
}

TEST(Muon, DirectionOverTheGradient_SameBits) {
  const OptimizerCase in(70);
  auto m = in.m, again = in.m, in_place = in.gradient;
  std::vector<float> direction(70);
  MuonMomentum(kMomentum, 1.0f, m.data(), in.gradient.data(), direction.data(), 70);
  MuonMomentum(kMomentum, 1.0f, again.data(), in_place.data(), in_place.data(), 70);
  EXPECT_EQ(Bits(direction), Bits(in_place));
}

}  // namespace
}  // namespace cllm
