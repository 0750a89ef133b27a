#include <gtest/gtest.h>

#include "kernels/rope.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr size_t kRows = 3;
constexpr size_t kHeads = 2;
constexpr size_t kFirst = 4;  // first_position

// Tables of kFirst + kRows positions.
struct RopeTables {
  explicit RopeTables(size_t head_dim) {
    const size_t pairs = head_dim / 2;
    for (size_t i = 0; i < (kFirst + kRows) * pairs; ++i) {
      const double angle = static_cast<double>(i / pairs) * std::pow(10000.0, -2.0 * static_cast<double>(i % pairs) /
                                                                                  static_cast<double>(head_dim));
      cosines.push_back(static_cast<float>(std::cos(angle)));
      sines.push_back(static_cast<float>(std::sin(angle)));
    }
  }
  std::vector<float> cosines, sines;
};

TEST(Rope, EveryHeadSize_AgainstDouble_BothDirections) {
  ForEachTarget([](const std::string&) {
    for (size_t head_dim = 2; head_dim <= 70; head_dim += 2) {
      const size_t columns = kHeads * head_dim;
      const RopeTables tables(head_dim);
      const auto values = RandomValues(head_dim, kRows * columns);
      GuardedMatrix x(values, kRows, columns, head_dim % 3), d_x(values, kRows, columns, 1);
      GuardedMatrix cosines(tables.cosines, 1), sines(tables.sines, 3);
      Rope(x.data(), x.stride(), kRows, kHeads, head_dim, kFirst, cosines.data(), sines.data());
      RopeBackward(d_x.data(), d_x.stride(), kRows, kHeads, head_dim, kFirst, cosines.data(), sines.data());
      auto rotated = Doubles(values), inverse = Doubles(values);
      const auto c = Doubles(tables.cosines), s = Doubles(tables.sines);
      reference::Rope(rotated.data(), columns, kRows, kHeads, head_dim, kFirst, c.data(), s.data());
      reference::RopeBackward(inverse.data(), columns, kRows, kHeads, head_dim, kFirst, c.data(), s.data());
      // Two roundings of terms below 2.
      ExpectClose(x.Values(), rotated, [](size_t) { return 5 * kFloatEps; }, "x");
      ExpectClose(d_x.Values(), inverse, [](size_t) { return 5 * kFloatEps; }, "d_x");
      EXPECT_TRUE(x.Intact() && d_x.Intact() && cosines.Intact() && sines.Intact());
    }
  });
}

TEST(Rope, EveryHeadSize_IsTheScalarFormBitForBit) {
  ForEachTarget([](const std::string&) {
    for (size_t head_dim = 2; head_dim <= 70; head_dim += 2) {
      const RopeTables tables(head_dim);
      const auto values = RandomValues(head_dim, head_dim);
      auto x = values;
      Rope(x.data(), head_dim, 1, 1, head_dim, kFirst, tables.cosines.data(), tables.sines.data());
      for (size_t j = 0; j < head_dim / 2; ++j) {
        const float c = tables.cosines[kFirst * head_dim / 2 + j], s = tables.sines[kFirst * head_dim / 2 + j];
        const float a = values[2 * j], b = values[2 * j + 1];
        ASSERT_EQ(x[2 * j], std::fma(-b, s, a * c));
        ASSERT_EQ(x[2 * j + 1], std::fma(a, s, b * c));
      }
    }
  });
}

TEST(Rope, ASplitOfTheRows_ChangesNoBit) {
  const size_t head_dim = 24, columns = kHeads * head_dim;
  const RopeTables tables(head_dim);
  auto whole = RandomValues(1, kRows * columns), split = whole;
  Rope(whole.data(), columns, kRows, kHeads, head_dim, kFirst, tables.cosines.data(), tables.sines.data());
  for (size_t t = 0; t < kRows; ++t) {
    Rope(split.data() + t * columns, columns, 1, kHeads, head_dim, kFirst + t, tables.cosines.data(),
         tables.sines.data());
  }
  EXPECT_EQ(Bits(whole), Bits(split));
}

TEST(Rope, Backward_IsTheFiniteDifferenceOfForward) {
  const size_t head_dim = 6, columns = kHeads * head_dim;
  const RopeTables tables(head_dim);
  const auto c = Doubles(tables.cosines), s = Doubles(tables.sines);
  const auto x = Doubles(RandomValues(2, kRows * columns)), d_y = Doubles(RandomValues(3, kRows * columns));
  auto d_x = d_y;
  reference::RopeBackward(d_x.data(), columns, kRows, kHeads, head_dim, kFirst, c.data(), s.data());
  for (size_t i = 0; i < x.size(); ++i) {
    const double difference = FiniteDifference(x, i, [&](std::vector<double> y) {
      reference::Rope(y.data(), columns, kRows, kHeads, head_dim, kFirst, c.data(), s.data());
      return reference::Dot(y.data(), d_y.data(), y.size());
    });
    EXPECT_NEAR(d_x[i], difference, 1e-8);
  }
}

}  // namespace
}  // namespace cllm
