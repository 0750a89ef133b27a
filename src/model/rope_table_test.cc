#include "model/rope_table.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cllm {
namespace {

// Llama 3.2 1B: heads of 64, base 500000, factor 32, 8192 positions before.
constexpr ModelShape kLlama{.heads = 2, .width = 128, .context = 100, .rope_base = 500000, .rope_factor = 32};

TEST(RopeDivisors, WithoutAFactor_AreOnes) {
  EXPECT_EQ(RopeDivisors({.heads = 1, .width = 8}), std::vector<double>(4, 1.0));
}

// rope_freqs.weight of Llama 3.2 1B as llama.cpp's converter writes it.
TEST(RopeDivisors, AreThoseOfLlama) {
  const std::vector<double> divisors = RopeDivisors(kLlama);
  ASSERT_EQ(divisors.size(), 32u);
  for (size_t j = 0; j < 15; ++j) EXPECT_EQ(divisors[j], 1) << j;
  for (size_t j = 18; j < 32; ++j) EXPECT_NEAR(divisors[j], 32, 1e-12) << j;
  // 8192 / (2 pi) * 500000^(-j / 32) turns.
  for (const size_t j : {15u, 16u, 17u}) {
    const double turns = 8192 / (2 * M_PI) * std::pow(500000.0, -static_cast<double>(j) / 32);
    const double smooth = (turns - 1) / 3;
    EXPECT_NEAR(divisors[j], 1 / ((1 - smooth) / 32 + smooth), 1e-9) << j;
    EXPECT_GT(divisors[j], 1);
    EXPECT_LT(divisors[j], 32);
  }
}

TEST(RopeTable, IsTheCosineAndSineOfEachAngle) {
  for (const ModelShape& shape : {ModelShape{.heads = 1, .width = 6, .context = 50}, kLlama}) {
    const RopeTable table(shape);
    const std::vector<double> divisors = RopeDivisors(shape);
    const size_t half = shape.head_dim / 2;
    for (size_t t = 0; t < shape.context; ++t) {
      for (size_t j = 0; j < half; ++j) {
        const double exponent = -static_cast<double>(j) / static_cast<double>(half);
        const double angle = static_cast<double>(t) * std::pow(shape.rope_base, exponent) / divisors[j];
        ASSERT_NEAR(table.cosines()[t * half + j], std::cos(angle), 1e-7) << t << ", " << j;
        ASSERT_NEAR(table.sines()[t * half + j], std::sin(angle), 1e-7) << t << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace cllm
