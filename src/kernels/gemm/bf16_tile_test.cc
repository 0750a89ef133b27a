#include "kernels/gemm/bf16_tile.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace cllm {
namespace {

constexpr size_t kColumns = 32;  // of a panel for these tiles

// Two bf16 numbers of about one in a float's word, the even one in its lower half.
struct Pair {
  float even, odd;
  explicit Pair(uint64_t bits)
      : even(Half(static_cast<uint32_t>(bits))), odd(Half(static_cast<uint32_t>(bits >> 32))) {}
  float Word() const {
    return std::bit_cast<float>(std::bit_cast<uint32_t>(even) >> 16 | (std::bit_cast<uint32_t>(odd) & 0xffff0000u));
  }

 private:
  static float Half(uint32_t bits) { return std::bit_cast<float>((bits & 0x80ff0000u) | 0x3f000000u); }
};

TEST(Bf16Tile, InstructionIsUsed_OnlyWhereItIs) {
  if (HasBf16Dot()) {
    const bool measured = UsesBf16Dot();
    for (const bool use : {true, false, measured}) {
      ForceBf16Dot(use);
      EXPECT_EQ(UsesBf16Dot(), use);
    }
  } else {
    EXPECT_FALSE(UsesBf16Dot());
    ForceBf16Dot(false);
    EXPECT_DEATH(ForceBf16Dot(true), "HasBf16Dot|!use");
  }
}

// Each output is one chain: the odd product of a pair first, then the even one, each added with one rounding.
TEST(Bf16Tile, EveryRowCount_IsTheChain) {
  if (!HasBf16Dot()) GTEST_SKIP() << "this processor has no AVX512_BF16";
  for (size_t rows = 1; rows <= kBf16TileRows; ++rows) {
    for (const size_t depth : {0u, 1u, 2u, 3u, 17u}) {
      for (const GemmInto into : {GemmInto::kOverwrite, GemmInto::kAdd}) {
        std::vector<Pair> a, b;
        for (size_t i = 0; i < rows * depth; ++i) a.emplace_back(RandomBits(rows, i));
        for (size_t i = 0; i < depth * kColumns; ++i) b.emplace_back(RandomBits(100 + depth, i));
        std::vector<float> a_words, b_words, c(rows * (kColumns + 3), 0.25f);
        for (const Pair& pair : a) a_words.push_back(pair.Word());
        for (const Pair& pair : b) b_words.push_back(pair.Word());
        const TileShape shape{.depth = depth, .a_row_stride = depth, .a_depth_stride = 1, .b_row_stride = kColumns,
                              .b_panel_stride = 0, .c_stride = kColumns + 3, .into = into};
        Bf16Tiles()[rows - 1](shape, a_words.data(), b_words.data(), c.data());
        for (size_t r = 0; r < rows; ++r) {
          for (size_t n = 0; n < kColumns; ++n) {
            float sum = into == GemmInto::kAdd ? 0.25f : 0.0f;
            for (size_t k = 0; k < depth; ++k) {
              sum = std::fma(a[r * depth + k].odd, b[k * kColumns + n].odd, sum);
              sum = std::fma(a[r * depth + k].even, b[k * kColumns + n].even, sum);
            }
            ASSERT_EQ(std::bit_cast<uint32_t>(c[r * (kColumns + 3) + n]), std::bit_cast<uint32_t>(sum))
                << rows << " rows, " << depth << " deep, at " << r << ", " << n;
          }
          for (size_t n = kColumns; n < kColumns + 3; ++n) ASSERT_EQ(c[r * (kColumns + 3) + n], 0.25f);
        }
      }
    }
  }
}

TEST(Bf16Tile, PeakLoop_ComputesSomething) {
  if (!HasBf16Dot()) GTEST_SKIP() << "this processor has no AVX512_BF16";
  EXPECT_GT(Bf16DotRounds(1, 2), Bf16DotRounds(1, 1));
  EXPECT_GT(Bf16DotRounds(2, 1), Bf16DotRounds(1, 1));
}

}  // namespace
}  // namespace cllm
