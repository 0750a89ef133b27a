#include "kernels/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "base/random.h"

namespace cllm {
namespace {

// The positive half of these bits (IEEE 754, binary16).
double HalfOf(uint32_t bits) {
  const uint32_t exponent = bits >> 10, fraction = bits & 0x3ffu;
  return exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, static_cast<int>(exponent) - 25);
}

constexpr uint32_t kLargestHalf = 0x7bff;

TEST(RoundToHalf, EveryHalf_IsItself_AndWhatLiesBetweenGoesToTheNearest) {
  for (uint32_t bits = 0; bits < kLargestHalf; ++bits) {
    const auto half = static_cast<float>(HalfOf(bits)), next = static_cast<float>(HalfOf(bits + 1));
    ASSERT_EQ(RoundToHalf(half), half) << bits;
    const float middle = half + (next - half) / 2;
    ASSERT_EQ(RoundToHalf(middle), bits % 2 == 0 ? half : next) << bits;
    ASSERT_EQ(RoundToHalf(std::nextafterf(middle, 0)), half) << bits;
    ASSERT_EQ(RoundToHalf(std::nextafterf(middle, 1e6f)), next) << bits;
  }
}

TEST(RoundToHalf, LargeFloats_BecomeTheLargestHalf) {
  for (const float x : {65504.0f, 65520.0f, 1e6f, std::numeric_limits<float>::max()}) {
    EXPECT_EQ(RoundToHalf(x), 65504.0f);
  }
}

std::vector<float> RandomBlock(uint64_t key, float size) {
  std::vector<float> block(32);
  for (size_t i = 0; i < block.size(); ++i) block[i] = size * (2 * UnitFloat(RandomBits(key, i)) - 1);
  return block;
}

TEST(QuantizeQ8, ValuesAreWithinHalfAStep_AndTheLargestIs127) {
  for (uint64_t key = 0; key < 200; ++key) {
    const float size = std::ldexp(1.0f, static_cast<int>(key % 40) - 20);
    const std::vector<float> block = RandomBlock(key, size);
    std::array<int8_t, 32> values;
    const float scale = QuantizeQ8(block.data(), block.size(), values.data());
    float largest = 0;
    int most = 0;
    for (size_t i = 0; i < block.size(); ++i) {
      largest = std::max(largest, std::fabs(block[i]));
      most = std::max(most, std::abs(int{values[i]}));
    }
    const float step = largest / 127;
    EXPECT_EQ(scale, RoundToHalf(step));
    EXPECT_EQ(most, 127);
    for (size_t i = 0; i < block.size(); ++i) {
      EXPECT_NEAR(block[i], step * static_cast<float>(values[i]), 0.5001f * step) << key;
    }
  }
}

TEST(QuantizeQ8, Halves_GoAwayFromZero) {
  const std::array<float, 5> block = {127, 0.5f, -0.5f, 2.5f, -3.5f};
  std::array<int8_t, 5> values;
  EXPECT_EQ(QuantizeQ8(block.data(), block.size(), values.data()), 1.0f);
  EXPECT_EQ(values, (std::array<int8_t, 5>{127, 1, -1, 3, -4}));
}

TEST(QuantizeQ8, ZerosAndTinyBlocks_AreZero) {
  for (const float x : {0.0f, -0.0f, 1e-45f, 1e-38f}) {
    const std::array<float, 2> block = {x, -x};
    std::array<int8_t, 2> values;
    const float scale = QuantizeQ8(block.data(), block.size(), values.data());
    EXPECT_EQ(scale * static_cast<float>(values[0]), 0.0f);
    EXPECT_EQ(scale * static_cast<float>(values[1]), 0.0f);
  }
}

TEST(QuantizeQ8, WhatIsNotFinite_MakesTheBlockNaN) {
  for (const float x : {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()}) {
    const std::array<float, 3> block = {1, x, 2};
    std::array<int8_t, 3> values;
    EXPECT_TRUE(std::isnan(QuantizeQ8(block.data(), block.size(), values.data())));
    EXPECT_EQ(values, (std::array<int8_t, 3>{}));
  }
}

}  // namespace
}  // namespace cllm
