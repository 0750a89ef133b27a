#include <gtest/gtest.h>

#include "kernels/swiglu.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr size_t kRows = 2;

TEST(SwiGlu, EveryLength_AgainstDouble) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const auto gate = RandomValues(n, kRows * n, -12.0f, 12.0f), up = RandomValues(100 + n, kRows * n);
      GuardedMatrix g(gate, kRows, n, 1), u(up, kRows, n, 3), h(std::vector<float>(kRows * n), kRows, n, 2);
      SwiGlu(g.data(), u.data(), g.stride(), kRows, n, h.data(), h.stride());
      std::vector<double> expected(kRows * n);
      reference::SwiGlu(Doubles(gate).data(), Doubles(up).data(), n, kRows, n, expected.data(), n);
      // The sigmoid within 4 ulp, and two products.
      ExpectClose(h.Values(), expected, [&](size_t i) { return 10 * kFloatEps * std::abs(expected[i]); }, "h");
      EXPECT_TRUE(g.Intact() && u.Intact() && h.Intact());
    }
  });
}

TEST(SwiGlu, BackwardEveryLength_AgainstDouble_InPlace) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      const auto gate = RandomValues(n, kRows * n, -12.0f, 12.0f), up = RandomValues(100 + n, kRows * n);
      const auto d_h = RandomValues(200 + n, kRows * n);
      GuardedMatrix g(gate, kRows, n, 1), u(up, kRows, n, 3), dh(d_h, kRows, n, 2);
      SwiGluBackward(dh.data(), dh.stride(), g.data(), u.data(), g.stride(), kRows, n);
      auto d_gate = Doubles(gate), d_up = Doubles(up), h = Doubles(d_h);
      reference::SwiGluBackward(h.data(), n, d_gate.data(), d_up.data(), n, kRows, n);
      // SiLU's derivative s + silu (1 - s) has terms below 1.1, each within 10 half ulp, and |d_h * up| is at most 4.
      ExpectClose(g.Values(), d_gate, [&](size_t) { return 4 * 16 * kFloatEps; }, "d_gate");
      ExpectClose(u.Values(), d_up, [&](size_t i) { return 10 * kFloatEps * std::abs(d_up[i]); }, "d_up");
      ExpectClose(dh.Values(), h, [&](size_t i) { return 10 * kFloatEps * std::abs(h[i]); }, "h");
      EXPECT_TRUE(g.Intact() && u.Intact() && dh.Intact());
    }
  });
}

TEST(SwiGlu, Backward_RecomputesForwardBitForBit) {
  ForEachTarget([](const std::string&) {
    const size_t n = 344;
    auto gate = RandomValues(1, n, -100.0f, 100.0f), up = RandomValues(2, n), d_h = RandomValues(3, n);
    std::vector<float> h(n);
    SwiGlu(gate.data(), up.data(), n, 1, n, h.data(), n);
    SwiGluBackward(d_h.data(), n, gate.data(), up.data(), n, 1, n);
    EXPECT_EQ(Bits(h), Bits(d_h));
  });
}

TEST(SwiGlu, Backward_IsTheFiniteDifferenceOfForward) {
  const size_t n = 9;
  const auto gate = Doubles(RandomValues(4, n, -6.0f, 6.0f)), up = Doubles(RandomValues(5, n));
  const auto d_h = Doubles(RandomValues(6, n));
  auto d_gate = gate, d_up = up, h = d_h;
  reference::SwiGluBackward(h.data(), n, d_gate.data(), d_up.data(), n, 1, n);
  const auto objective = [&](const std::vector<double>& g, const std::vector<double>& u) {
    std::vector<double> out(n);
    reference::SwiGlu(g.data(), u.data(), n, 1, n, out.data(), n);
    return reference::Dot(out.data(), d_h.data(), n);
  };
  for (size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(d_gate[i], FiniteDifference(gate, i, [&](auto& p) { return objective(p, up); }), 1e-8);
    EXPECT_NEAR(d_up[i], FiniteDifference(up, i, [&](auto& p) { return objective(gate, p); }), 1e-8);
  }
}

}  // namespace
}  // namespace cllm
