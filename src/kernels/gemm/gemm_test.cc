#include "kernels/gemm/gemm.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "kernels/gemm/panels.h"
#include "kernels/simd.h"
#include "kernels/testing/reference.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

constexpr float kGuard = -12345.5f;

using row_cases::RandomValues;
using row_cases::SameBits;

// One product with everything that may vary; strides are odd and pointers misaligned unless said otherwise.
struct Case {
  size_t m, n, k;
  bool row_contiguous_left = false;  // A(m, k) contiguous in m
  GemmInto into = GemmInto::kOverwrite;
};

// Floats from the first to the last of a matrix: nothing lies behind it, so that a sanitizer sees every overrun.
size_t Extent(size_t rows, size_t stride, size_t columns) {
  return rows == 0 || columns == 0 ? 0 : (rows - 1) * stride + columns;
}

// A, B and the first C of a case, filled with random numbers.
struct Operands {
  explicit Operands(const Case& c)
      : c_stride(c.n + 3),
        b_stride(c.n + 5),
        a(RandomValues(1, 1 + (c.row_contiguous_left ? Extent(c.k, c.m + 1, c.m) : Extent(c.m, c.k + 1, c.k)))),
        b(RandomValues(2, 1 + Extent(c.k, c.n + 5, c.n))),
        c_before((c.m + 2) * (c.n + 3), kGuard) {
    left = c.row_contiguous_left ? GemmLeft{a.data() + 1, 1, c.m + 1} : GemmLeft{a.data() + 1, c.k + 1, 1};
    const std::vector<float> values = RandomValues(3, c.m * c.n);
    for (size_t i = 0; i < c.m; ++i) {
      for (size_t j = 0; j < c.n; ++j) c_before[c_offset() + i * c_stride + j] = values[i * c.n + j];
    }
  }
  // C has a guard row before and after it, and guard columns.
  size_t c_offset() const { return c_stride + 1; }
  const float* right() const { return b.data() + 1; }

  size_t c_stride, b_stride;
  std::vector<float> a, b, c_before;
  GemmLeft left;
};

enum class Way { kPackRows, kPackColumns, kRows };

std::vector<float> ProductBy(const Case& c, const Operands& x, Way way) {
  std::vector<float> out = x.c_before;
  float* first = out.data() + x.c_offset();
  if (way == Way::kRows) {
    GemmRows(c.m, c.n, c.k, x.left, x.right(), x.b_stride, first, x.c_stride, c.into);
    return out;
  }
  AlignedBuffer<float> packed(PackedSize(c.k, c.n));
  Panels panels;
  if (way == Way::kPackRows) {
    panels = PackRows(x.right(), x.b_stride, c.k, c.n, packed.data());
  } else {
    std::vector<float> transposed(c.n * (c.k + 2) + 1);
    for (size_t n = 0; n < c.n; ++n) {
      for (size_t k = 0; k < c.k; ++k) transposed[n * (c.k + 2) + k] = x.right()[k * x.b_stride + n];
    }
    panels = PackColumns(transposed.data(), c.k + 2, c.k, c.n, packed.data());
  }
  Gemm(c.m, x.left, panels, first, x.c_stride, c.into);
  return out;
}

// The contract itself: one chain of fused multiply-adds over increasing k.
std::vector<float> Chain(const Case& c, const Operands& x) {
  std::vector<float> out = x.c_before;
  for (size_t i = 0; i < c.m; ++i) {
    for (size_t j = 0; j < c.n; ++j) {
      float& sum = out[x.c_offset() + i * x.c_stride + j];
      if (c.into == GemmInto::kOverwrite) sum = 0;
      for (size_t k = 0; k < c.k; ++k) {
        sum = std::fma(x.left.data[i * x.left.row_stride + k * x.left.depth_stride], x.right()[k * x.b_stride + j],
                       sum);
      }
    }
  }
  return out;
}

void ExpectWithinTolerance(const Case& c, const Operands& x, const std::vector<float>& out) {
  const float* before = c.into == GemmInto::kAdd ? x.c_before.data() + x.c_offset() : nullptr;
  const reference::Product product =
      reference::Gemm(c.m, c.n, c.k, x.left, x.right(), x.b_stride, 1, before, x.c_stride);
  for (size_t i = 0; i < c.m * c.n; ++i) {
    const double got = out[x.c_offset() + i / c.n * x.c_stride + i % c.n];
    ASSERT_NEAR(got, product.value[i], product.Tolerance(i, c.k)) << "m " << c.m << " n " << c.n << " k " << c.k;
  }
}

// Every way, on every SIMD target, gives the chain's bits and leaves the guards alone.
void ExpectAllWays(const Case& c) {
  const Operands x(c);
  const std::vector<float> expected = Chain(c, x);
  ExpectWithinTolerance(c, x, expected);
  for (const std::string& target : SimdTargets()) {
    ASSERT_TRUE(ForceSimd(target).ok());
    for (const Way way : {Way::kPackRows, Way::kPackColumns, Way::kRows}) {
      ASSERT_TRUE(SameBits(ProductBy(c, x, way), expected))
          << target << " way " << static_cast<int>(way) << " m " << c.m << " n " << c.n << " k " << c.k << " left "
          << c.row_contiguous_left << " into " << static_cast<int>(c.into);
    }
  }
  ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
}

void ExpectAllForms(size_t m, size_t n, size_t k) {
  for (const bool row_contiguous : {false, true}) {
    for (const GemmInto into : {GemmInto::kOverwrite, GemmInto::kAdd}) {
      ASSERT_NO_FATAL_FAILURE(ExpectAllWays({m, n, k, row_contiguous, into}));
    }
  }
}

TEST(Gemm, SmallSizes_AreTheChainOnEveryTarget) {
  // Rows and columns to twice the largest tile and one more; depth from 0 across the unrolled and tail parts.
  for (size_t m = 0; m <= 29; m += 1 + CLLM_SWEEP_DIVISOR / 8) {
    for (const size_t n : {0u, 1u, 7u, 8u, 9u, 15u, 16u, 17u, 31u, 32u, 33u, 47u, 48u, 63u, 64u, 65u}) {
      for (const size_t k : {0u, 1u, 2u, 3u, 5u, 8u, 40u}) {
        ASSERT_NO_FATAL_FAILURE(ExpectAllForms(m, n, k));
      }
    }
  }
}

TEST(Gemm, EveryColumnCount_IsTheChain) {
  for (size_t n = 0; n <= 65; ++n) {
    for (const size_t m : {1u, 2u, 6u, 7u, 13u}) ASSERT_NO_FATAL_FAILURE(ExpectAllForms(m, n, 17));
  }
}

TEST(Gemm, EveryDepth_IsTheChain) {
  for (size_t k = 0; k <= 40; ++k) {
    for (const size_t m : {1u, 3u, 6u, 14u}) ASSERT_NO_FATAL_FAILURE(ExpectAllForms(m, 33, k));
  }
}

// Operands that lie badly are packed first when there is enough to compute.
TEST(Gemm, EveryRowCountWithPackedOperands_IsTheChain) {
  for (size_t m = 0; m <= 40; ++m) {
    for (const size_t n : {80u, 97u}) ASSERT_NO_FATAL_FAILURE(ExpectAllForms(m, n, 19));
  }
}

TEST(Gemm, SizesBeyondTheCacheBlocks_AreTheChain) {
  ASSERT_NO_FATAL_FAILURE(ExpectAllForms(150, 70, 600));
  ASSERT_NO_FATAL_FAILURE(ExpectAllForms(150, 100, 600));
  ASSERT_NO_FATAL_FAILURE(ExpectAllForms(65, 40, 1100));
  ASSERT_NO_FATAL_FAILURE(ExpectAllForms(1, 700, 1030));
  ASSERT_NO_FATAL_FAILURE(ExpectAllForms(3, 300, 515));
}

// One row alone gives the bits that it has among many.
TEST(Gemm, SingleRow_HasTheBitsOfManyRows) {
  const Case many{100, 83, 300};
  const Operands x(many);
  AlignedBuffer<float> packed(PackedSize(many.k, many.n));
  const Panels panels = PackRows(x.right(), x.b_stride, many.k, many.n, packed.data());
  const std::vector<float> all = ProductBy(many, x, Way::kPackRows);
  std::vector<float> one(many.n);
  for (size_t row = 0; row < many.m; ++row) {
    Gemm(1, {x.left.data + row * x.left.row_stride, x.left.row_stride, 1}, panels, one.data(), many.n,
         GemmInto::kOverwrite);
    ASSERT_EQ(std::memcmp(one.data(), all.data() + x.c_offset() + row * x.c_stride, many.n * sizeof(float)), 0);
  }
}

TEST(Gemm, DepthInSlices_HasTheBitsOfTheWhole) {
  const Case c{17, 50, 333};
  const Operands x(c);
  const std::vector<float> whole = ProductBy(c, x, Way::kPackRows);
  AlignedBuffer<float> packed(PackedSize(c.k, c.n));
  const Panels panels = PackRows(x.right(), x.b_stride, c.k, c.n, packed.data());
  for (const size_t cut : {0u, 1u, 16u, 100u, 332u, 333u}) {
    std::vector<float> out = x.c_before;
    float* first = out.data() + x.c_offset();
    Gemm(c.m, x.left, panels.SliceDepth(0, cut), first, x.c_stride, GemmInto::kOverwrite);
    const GemmLeft rest = {x.left.data + cut, x.left.row_stride, 1};
    Gemm(c.m, rest, panels.SliceDepth(cut, c.k), first, x.c_stride, GemmInto::kAdd);
    ASSERT_TRUE(SameBits(out, whole)) << cut;
  }
}

TEST(Gemm, ColumnsInSlices_HaveTheBitsOfTheWhole) {
  const Case c{11, 150, 70};
  const Operands x(c);
  const std::vector<float> whole = ProductBy(c, x, Way::kPackRows);
  AlignedBuffer<float> packed(PackedSize(c.k, c.n));
  const Panels panels = PackRows(x.right(), x.b_stride, c.k, c.n, packed.data());
  for (const size_t cut : {0u, 32u, 64u, 128u}) {
    std::vector<float> out = x.c_before;
    float* first = out.data() + x.c_offset();
    Gemm(c.m, x.left, panels.SliceColumns(0, cut), first, x.c_stride, GemmInto::kOverwrite);
    Gemm(c.m, x.left, panels.SliceColumns(cut, c.n), first + cut, x.c_stride, GemmInto::kOverwrite);
    ASSERT_TRUE(SameBits(out, whole)) << cut;
  }
}

// A NaN or infinity in A or B reaches exactly the outputs that depend on it; padding never invents one.
TEST(Gemm, NonFiniteInput_ReachesOnlyItsRowOrColumn) {
  const Case c{9, 21, 12};
  Operands x(c);
  x.b[1 + 4 * x.b_stride + 20] = INFINITY;
  for (const Way way : {Way::kPackRows, Way::kPackColumns, Way::kRows}) {
    const std::vector<float> out = ProductBy(c, x, way);
    for (size_t i = 0; i < c.m * c.n; ++i) {
      EXPECT_EQ(std::isfinite(out[x.c_offset() + i / c.n * x.c_stride + i % c.n]), i % c.n != 20);
    }
  }
}

TEST(GemmReference, TwoByTwo_IsTheProductByHand) {
  const float a[] = {1, 2, 3, -4}, b[] = {5, 6, 7, 8}, c[] = {100, 0, 0, 100};
  const reference::Product product = reference::Gemm(2, 2, 2, {a, 2, 1}, b, 2, 1, c, 2);
  EXPECT_EQ(product.value, (std::vector<double>{119, 22, -13, 86}));
  EXPECT_EQ(product.magnitude, (std::vector<double>{119, 22, 43, 150}));
  EXPECT_EQ(reference::Gemm(2, 2, 2, {a, 1, 2}, b, 1, 2, nullptr, 0).value, (std::vector<double>{23, 31, -14, -18}));
}

}  // namespace
}  // namespace cllm
