#pragma once

#include <cstddef>

// Matrix products with one fixed order: every output element is one chain of fused multiply-adds over increasing k,
// starting at zero or at the value already in C. Tile sizes, vector width, blocking over k (which continues the chain
// from C) and the number of rows therefore never change a bit.
namespace cllm {

// Of the operands that are multiplied; sums are single precision.
// kBf16: operands are rounded to bf16 (nearest, ties to even; denormals become zero). In each pair of k, the odd one
// is added before the even one, a missing odd one as a product of zeros, and no operand or result is denormal: the
// order of AVX512_BF16's dot instruction, which other x86 processors follow bit for bit.
// kBf16Weights, kQ8Weights: the right operand alone has less, for products that take longer to read it than to
// multiply. Its values are kept in bf16 (2 bytes), or in 8-bit integers with one scale for 32 of them down k (9/8
// bytes), and multiplied as the floats that they stand for, in the order of kFp32; see RoundWeights. Only PackColumns
// makes such panels, and only Gemm reads them.
enum class Precision { kFp32, kBf16, kBf16Weights, kQ8Weights };

// Whether the target in use computes bf16 products by fused multiply-adds, as slow as those in fp32 and rounding
// beside: the processor has no instruction for them, or one that is slower still.
bool EmulatesBf16();

// The right operand B[depth, columns], re-laid in panels of vector-width columns so that the inner loop reads it
// contiguously. A view; owns nothing. Made by Pack*; the panel width is that of the SIMD target in use.
struct Panels {
  const float* data = nullptr;
  size_t panel_stride = 0;  // floats from one panel to the next
  size_t depth = 0;         // k
  size_t columns = 0;       // n
  Precision precision = Precision::kFp32;

  // Rows [begin, end) of B: a part of the k range, cut at even rows in bf16 and at multiples of 32 in kQ8Weights.
  Panels SliceDepth(size_t begin, size_t end) const;
  // Columns [begin, end) of B. REQUIRES: begin % kPanelAlignment == 0.
  Panels SliceColumns(size_t begin, size_t end) const;
};

// Every target's panel width divides this.
inline constexpr size_t kPanelAlignment = 32;

// Floats needed for the panels of B[depth, columns] (columns rounded up); fp32: the same on every target.
size_t PackedSize(size_t depth, size_t columns, Precision precision = Precision::kFp32);

// Packs B[k][n] = b[k * stride + n] into `out` (PackedSize floats, 64-byte aligned). Pad columns are zero.
Panels PackRows(const float* b, size_t stride, size_t depth, size_t columns, float* out,
                Precision precision = Precision::kFp32);
// Packs B[k][n] = b[n * stride + k]: a weight [columns, depth] used as x * W^T.
Panels PackColumns(const float* b, size_t stride, size_t depth, size_t columns, float* out,
                   Precision precision = Precision::kFp32);
// Rounds a weight [columns, depth], in place, to the values that panels of `precision` keep of it: to the nearest bf16
// (denormals to zero), or, for kQ8Weights, by GGUF's Q8_0: in blocks of 32 along a row, x = s q with s = max |x| / 127
// rounded to half precision and q the nearest integer. Packing the result gives the same panels again. A block that is
// not finite becomes NaN. kFp32 changes nothing.
void RoundWeights(float* weight, size_t columns, size_t depth, Precision precision);
// The view of panels that were packed earlier into `packed`.
Panels PackedView(const float* packed, size_t depth, size_t columns, Precision precision = Precision::kFp32);

// The left operand: A(m, k) = data[m * row_stride + k * depth_stride]; either stride may be 1.
struct GemmLeft {
  const float* data = nullptr;
  size_t row_stride = 0;
  size_t depth_stride = 1;
};

enum class GemmInto { kOverwrite, kAdd };

// C[m, n] (stride c_stride) = or += A[m, k] * B[k, n]; n = b.columns, k = b.depth; in b's precision. C may not overlap
// A or B.
void Gemm(size_t m, GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into);

// The same with B[k, n] row-major and unpacked: B(k, n) = b[k * b_stride + n]. With A contiguous in m this is a block
// of a weight gradient, C = dY^T X; it and Gemm re-lay such operands part by part in at most 100 KiB of stack. Several
// blocks of one gradient go faster with X packed once by PackRows and Gemm over all of its columns.
void GemmRows(size_t m, size_t n, size_t k, GemmLeft a, const float* b, size_t b_stride, float* c, size_t c_stride,
              GemmInto into, Precision precision = Precision::kFp32);

}  // namespace cllm
