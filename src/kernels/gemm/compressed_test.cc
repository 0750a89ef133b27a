#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/simd.h"
#include "kernels/testing/row_cases.h"

// Products whose right operand is compressed, against the product in floats of what it stands for, bit for bit.
namespace cllm {
namespace {

using row_cases::RandomValues;
using row_cases::SameBits;

struct Case {
  size_t m, n, k;
  bool row_contiguous_left = false;
  GemmInto into = GemmInto::kOverwrite;
};

// C of A[m, k] and the weight [n, k] packed in `storage`; C has guards behind each row. Operands are as large as they
// must be, so that a sanitizer sees every overrun.
std::vector<float> ProductOf(const Case& c, const std::vector<float>& weight, Storage storage) {
  const std::vector<float> a = RandomValues(1, c.m * c.k);
  const GemmLeft left = c.row_contiguous_left ? GemmLeft{a.data(), 1, c.m} : GemmLeft{a.data(), c.k, 1};
  AlignedBuffer<float> packed(PackedSize(c.k, c.n, storage));
  const Panels panels = PackColumns(weight.data(), c.k, c.k, c.n, packed.data(), storage);
  std::vector<float> out = RandomValues(3, c.m * (c.n + 3));
  Gemm(c.m, left, panels, out.data(), c.n + 3, c.into);
  return out;
}

class GemmCompressed : public testing::TestWithParam<Storage> {
 protected:
  void ExpectTheFloatsProduct(const Case& c) {
    const std::vector<float> weight = RandomValues(2, c.n * c.k);
    std::vector<float> rounded = weight;
    RoundWeights(rounded.data(), c.n, c.k, GetParam());
    const std::vector<float> expected = ProductOf(c, rounded, Storage::kF32);
    for (const std::string& target : SimdTargets()) {
      ASSERT_TRUE(ForceSimd(target).ok());
      const std::string where = target + ", m " + std::to_string(c.m) + " n " + std::to_string(c.n) + " k " +
                                std::to_string(c.k) + (c.row_contiguous_left ? ", A by columns" : "");
      EXPECT_TRUE(SameBits(ProductOf(c, weight, GetParam()), expected)) << where;
      EXPECT_TRUE(SameBits(ProductOf(c, rounded, GetParam()), expected)) << where << ", rounded before";
    }
    ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
  }
};
INSTANTIATE_TEST_SUITE_P(Both, GemmCompressed, testing::Values(Storage::kBf16, Storage::kQ8),
                         [](const auto& which) { return which.param == Storage::kQ8 ? "Q8" : "Bf16"; });

TEST(UnpackColumn, GivesTheRoundedWeight) {
  for (const Storage storage : {Storage::kF32, Storage::kBf16, Storage::kQ8}) {
    for (const size_t depth : {size_t{1}, size_t{31}, size_t{32}, size_t{75}}) {
      const size_t columns = 70;
      const std::vector<float> weight = RandomValues(4, columns * depth);
      std::vector<float> rounded = weight;
      RoundWeights(rounded.data(), columns, depth, storage);
      for (const std::string& target : SimdTargets()) {
        ASSERT_TRUE(ForceSimd(target).ok());
        AlignedBuffer<float> packed(PackedSize(depth, columns, storage));
        const Panels panels = PackColumns(weight.data(), depth, depth, columns, packed.data(), storage);
        for (size_t n = 0; n < columns; ++n) {
          std::vector<float> column(depth);
          UnpackColumn(panels, n, column.data());
          const auto row = rounded.begin() + static_cast<std::ptrdiff_t>(n * depth);
          ASSERT_TRUE(SameBits(column, {row, row + static_cast<std::ptrdiff_t>(depth)})) << target << ", column " << n;
        }
      }
      ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
    }
  }
}

TEST_P(GemmCompressed, EveryTail_HasTheBitsOfTheFloatsProduct) {
  for (const size_t m : {size_t{1}, size_t{2}, size_t{3}, size_t{4}, size_t{13}}) {
    for (const size_t k : {size_t{1}, size_t{2}, size_t{31}, size_t{32}, size_t{33}, size_t{64}, size_t{95}}) {
      for (size_t n = 1; n <= 70; n += n < 35 ? 1 : 9) ExpectTheFloatsProduct({m, n, k});
    }
  }
}

TEST_P(GemmCompressed, LargerProducts_HaveTheBitsOfTheFloatsProduct) {
  for (const bool row_contiguous_left : {false, true}) {
    for (const GemmInto into : {GemmInto::kOverwrite, GemmInto::kAdd}) {
      for (const size_t m : {size_t{1}, size_t{2}, size_t{3}, size_t{5}, size_t{64}})
        ExpectTheFloatsProduct({m, 300, 555, row_contiguous_left, into});
    }
  }
}

TEST_P(GemmCompressed, Slices_AreThePartsOfTheProduct) {
  constexpr size_t kDepth = 200, kColumns = 150, kFirstRow = 64, kFirstColumn = 32;
  const std::vector<float> weight = RandomValues(2, kColumns * kDepth), a = RandomValues(1, kDepth);
  std::vector<float> rounded = weight;
  RoundWeights(rounded.data(), kColumns, kDepth, GetParam());
  const auto product = [&](const std::vector<float>& of, Storage storage) {
    AlignedBuffer<float> packed(PackedSize(kDepth, kColumns, storage));
    const Panels panels = PackColumns(of.data(), kDepth, kDepth, kColumns, packed.data(), storage);
    std::vector<float> out(kColumns - kFirstColumn);
    Gemm(1, {a.data() + kFirstRow, kDepth, 1},
         panels.SliceColumns(kFirstColumn, kColumns).SliceDepth(kFirstRow, kDepth), out.data(), out.size(),
         GemmInto::kOverwrite);
    return out;
  };
  EXPECT_TRUE(SameBits(product(weight, GetParam()), product(rounded, Storage::kF32)));
}

TEST_P(GemmCompressed, RoundingIsSmall_AndChangesSomething) {
  const std::vector<float> weight = RandomValues(5, 64 * 70, -1.0f, 1.0f);
  std::vector<float> rounded = weight;
  RoundWeights(rounded.data(), 64, 70, GetParam());
  double worst = 0;
  for (size_t i = 0; i < weight.size(); ++i) worst = std::max(worst, std::fabs(double{weight[i]} - rounded[i]));
  EXPECT_GT(worst, 1e-4);
  // Half a step: of bf16 below 1 it is 1/512, of 127 integers 1/254, and the rounding of the scale adds to the last.
  EXPECT_LT(worst, 1.0 / 254 + 1.0 / 2048);
}

TEST(GemmCompressedSize, FewerBits_TakeFewerBytes) {
  EXPECT_EQ(PackedSize(384, 1024, Storage::kBf16) * 2, PackedSize(384, 1024));
  EXPECT_EQ(PackedSize(384, 1024, Storage::kQ8) * 32, PackedSize(384, 1024) * 9);
}

}  // namespace
}  // namespace cllm
