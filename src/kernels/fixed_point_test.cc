#include <gtest/gtest.h>

#include <limits>

#include "kernels/fixed_point.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// Gradients of every magnitude down to 2^-70, with ties of the rounding among them.
std::vector<float> Gradients(uint64_t key, size_t n) {
  auto values = RandomValues(key, n, -1.0f, 1.0f);
  for (size_t i = 0; i < n; ++i) {
    const int exponent = static_cast<int>(RandomBits(key + 1, i) % 80) - 70;
    const auto tie = static_cast<float>(2 * static_cast<int>(RandomBits(key + 2, i) % 64) - 63) * 0x1p-41f;
    values[i] = i % 4 == 3 ? tie : std::ldexp(values[i], exponent);
  }
  return values;
}

// The definition: the float product, exactly scaled, to the nearest integer, ties to even.
int64_t Rounded(float gradient, float scale) {
  const float product = gradient * scale;
  return static_cast<int64_t>(std::nearbyint(std::ldexp(static_cast<double>(product), kFixedPointBits)));
}

struct GuardedAccumulator {
  explicit GuardedAccumulator(size_t n, size_t misalignment) : size(n), begin(8 + misalignment) {
    storage.assign(begin + n + 16, kGuard);
    for (size_t i = 0; i < n; ++i) data()[i] = static_cast<int64_t>(RandomBits(6, i)) >> 3;
  }
  int64_t* data() { return storage.data() + begin; }
  bool Intact() const {
    for (size_t i = 0; i < storage.size(); ++i) {
      if ((i < begin || i >= begin + size) && storage[i] != kGuard) return false;
    }
    return true;
  }
  static constexpr int64_t kGuard = 0x123456789abcdef;
  size_t size, begin;
  std::vector<int64_t> storage;
};

TEST(AccumulateFixed, EveryLengthAndAlignment_IsTheRoundedIntegerExactly) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      for (float scale : {1.0f, 0.7f, -3.0f, 1.0f / 768.0f}) {
        const auto gradient = Gradients(n, n);
        GuardedMatrix g(gradient, n % 5);
        GuardedAccumulator accumulator(n, n % 3), expected(n, 0);
        ASSERT_TRUE(AccumulateFixed(accumulator.data(), g.data(), scale, n));
        for (size_t i = 0; i < n; ++i) {
          ASSERT_EQ(accumulator.data()[i], expected.data()[i] + Rounded(gradient[i], scale)) << i << " of " << n;
        }
        EXPECT_TRUE(accumulator.Intact() && g.Intact());
      }
    }
  });
}

TEST(AccumulateFixed, TheLimit_IsExclusive) {
  ForEachTarget([](const std::string&) {
    const float below = std::nextafter(0x1p11f, 0.0f);
    for (size_t n : Lengths()) {
      for (size_t at = 0; at < n; ++at) {
        std::vector<int64_t> accumulator(n);
        std::vector<float> gradient(n, 0.5f);
        gradient[at] = at % 2 == 0 ? below : -below;
        ASSERT_TRUE(AccumulateFixed(accumulator.data(), gradient.data(), 1.0f, n));
        ASSERT_EQ(accumulator[at], Rounded(gradient[at], 1.0f));
        for (float bad : {0x1p11f, -0x1p11f, 3e38f, kInfinity, -kInfinity, std::nanf("")}) {
          gradient[at] = bad;
          ASSERT_FALSE(AccumulateFixed(accumulator.data(), gradient.data(), 1.0f, n)) << bad << " at " << at;
        }
      }
    }
    // The product counts, not the gradient.
    std::vector<int64_t> accumulator(1);
    const std::vector<float> gradient = {1e6f};
    EXPECT_TRUE(AccumulateFixed(accumulator.data(), gradient.data(), 1e-4f, 1));
    EXPECT_FALSE(AccumulateFixed(accumulator.data(), gradient.data(), 1e33f, 1));
  });
}

TEST(AccumulateFixed, TheMostItemsOfTheLargestValue_DoNotWrap) {
  ForEachTarget([](const std::string&) {
    const float below = std::nextafter(0x1p11f, 0.0f);
    const std::vector<float> gradient = {below, -below};
    std::vector<int64_t> accumulator(2);
    for (int item = 0; item < 4096; ++item) {
      ASSERT_TRUE(AccumulateFixed(accumulator.data(), gradient.data(), 1.0f, 2));
    }
    EXPECT_EQ(accumulator[0], 4096 * Rounded(below, 1.0f));
    EXPECT_EQ(accumulator[1], -4096 * Rounded(below, 1.0f));
  });
}

// A step of any size: each position may add to the row of one token, and once more as a target.
TEST(AccumulateFixed, ManyNumbers_HaveALimitUnderWhichTheyDoNotWrap) {
  EXPECT_EQ(FixedPointLimit(0), 0x1p11f);
  EXPECT_EQ(FixedPointLimit(4096), 0x1p11f);
  EXPECT_EQ(FixedPointLimit(4097), 0x1p10f);
  EXPECT_EQ(FixedPointLimit(8192), 0x1p10f);
  for (const uint64_t most : {uint64_t{4097}, uint64_t{100'000}, uint64_t{1} << 31, (uint64_t{1} << 40) + 1}) {
    const auto added = static_cast<double>(most) * static_cast<double>(FixedPointLimit(most));
    EXPECT_LE(added, 0x1p23) << most;
    EXPECT_GT(added, 0x1p22) << most << " keeps as much of the range as fits";
  }
  ForEachTarget([](const std::string&) {
    const FixedScale scale(0.5f, FixedPointLimit(100'000));
    const float below = std::nextafter(scale.limit, 0.0f);
    const std::vector<float> fits = {2 * below, -2 * below}, not_below = {1.0f, 2 * scale.limit};
    std::vector<int64_t> accumulator(2);
    for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(AccumulateFixed(accumulator.data(), fits.data(), scale, 2));
    EXPECT_EQ(accumulator[0], 100'000 * Rounded(below, 1.0f));
    EXPECT_EQ(accumulator[1], -100'000 * Rounded(below, 1.0f));
    EXPECT_FALSE(AccumulateFixed(accumulator.data(), not_below.data(), scale, 2));
  });
}

TEST(AccumulateFixed, AnyOrderOfItems_SameBits_WhereFloatsWouldDiffer) {
  const size_t n = 100, items = 64;
  std::vector<int64_t> forward(n), backward(n);
  std::vector<float> float_forward(n), float_backward(n);
  for (size_t k = 0; k < items; ++k) {
    const auto up = RandomValues(k, n), down = RandomValues(items - 1 - k, n);
    ASSERT_TRUE(AccumulateFixed(forward.data(), up.data(), 0.1f, n));
    ASSERT_TRUE(AccumulateFixed(backward.data(), down.data(), 0.1f, n));
    for (size_t i = 0; i < n; ++i) float_forward[i] += up[i] * 0.1f, float_backward[i] += down[i] * 0.1f;
  }
  EXPECT_EQ(forward, backward);
  EXPECT_NE(float_forward, float_backward);
}

TEST(ReduceFixed, EveryLength_AddsAndClears) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      GuardedAccumulator into(n, 1), from(n, 2), before(n, 0);
      ReduceFixed(into.data(), from.data(), n);
      for (size_t i = 0; i < n; ++i) {
        ASSERT_EQ(into.data()[i], 2 * before.data()[i]);
        ASSERT_EQ(from.data()[i], 0);
      }
      EXPECT_TRUE(into.Intact() && from.Intact());
    }
  });
}

TEST(ZeroFixed, ClearsNAndNoMore) {
  GuardedAccumulator accumulator(13, 1);
  ZeroFixed(accumulator.data(), 13);
  for (size_t i = 0; i < 13; ++i) EXPECT_EQ(accumulator.data()[i], 0);
  EXPECT_TRUE(accumulator.Intact());
}

// Values that a conversion over double would round twice: a tie of the float, broken only by bits that double drops.
std::vector<int64_t> TrickyIntegers() {
  std::vector<int64_t> values = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MIN + 1};
  for (int top = 24; top <= 62; ++top) {
    const int64_t one = int64_t{1} << top, tie = int64_t{1} << (top - 24), last = tie * 2;
    for (int64_t value : {one, one + tie, one + tie + 1, one + tie - 1, one + last + tie, one + last + tie - 1,
                          one - 1, one + last + tie + 1}) {
      values.push_back(value);
      values.push_back(-value);
    }
  }
  for (uint64_t i = 0; i < 1000; ++i) values.push_back(static_cast<int64_t>(RandomBits(3, i)) >> (i % 60));
  return values;
}

TEST(FixedToFloat, AnyInteger_IsRoundedOnce) {
  ForEachTarget([](const std::string&) {
    const auto values = TrickyIntegers();
    std::vector<float> gradient(values.size());
    FixedToFloat(values.data(), gradient.data(), values.size());
    for (size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(gradient[i], static_cast<float>(values[i]) * 0x1p-40f) << values[i];
    }
    for (size_t n : Lengths()) {
      GuardedMatrix out(std::vector<float>(n), n % 3);
      FixedToFloat(values.data() + n % 2, out.data(), n);
      for (size_t i = 0; i < n; ++i) ASSERT_EQ(out.data()[i], gradient[i + n % 2]);
      EXPECT_TRUE(out.Intact());
    }
  });
}

}  // namespace
}  // namespace cllm
