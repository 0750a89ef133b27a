#pragma once

#include <cstddef>

// Operands of the matrix product (gemm.h) packed in the order in which it reads them.
namespace cllm {

// Of products: how operands are multiplied; sums are single precision.
// kBf16: operands are rounded to bf16 (nearest, ties to even; denormals become zero). In each pair of k, the odd one
// is added before the even one, a missing odd one as a product of zeros, and no operand or result is denormal: the
// order of AVX512_BF16's dot instruction, which other x86 processors follow bit for bit.
enum class Precision { kFp32, kBf16 };

// Of a weight that is only read: how its panels hold it, for products that take longer to read it than to multiply.
// Values in bf16 (2 bytes), or in 8-bit integers with one scale for 32 of them down k (9/8 bytes), are multiplied as
// the floats that they stand for, in kFp32; see RoundWeights.
enum class Storage { kF32, kBf16, kQ8 };

// What panels hold: an operand of products in a precision, or a stored weight, whose products are in kFp32. A weight
// stored in kF32 is an operand in kFp32.
class PanelFormat {
 public:
  constexpr PanelFormat(Precision precision) : precision_(precision) {}
  constexpr PanelFormat(Storage storage) : storage_(storage) {}

  constexpr Precision precision() const { return precision_; }
  constexpr Storage storage() const { return storage_; }

 private:
  Precision precision_ = Precision::kFp32;
  Storage storage_ = Storage::kF32;  // unless precision_ is kBf16
};

// Whether the target in use computes bf16 products by fused multiply-adds, because the processor has no instruction for
// them or one that is slower still. Then bf16 takes as long as fp32 and the rounding in addition.
bool EmulatesBf16();

// The right operand B[depth, columns], packed in panels of vector-width columns so that the inner loop reads it
// contiguously. A view; owns nothing. Made by Pack*; the panel width is that of the SIMD target in use.
struct Panels {
  const float* data = nullptr;
  size_t panel_stride = 0;  // floats from one panel to the next
  size_t depth = 0;         // k
  size_t columns = 0;       // n
  PanelFormat format = Precision::kFp32;

  // Rows [begin, end) of B: a part of the k range, cut at even rows in bf16 and at multiples of 32 in Storage::kQ8.
  Panels SliceDepth(size_t begin, size_t end) const;
  // Columns [begin, end) of B. REQUIRES: begin % kPanelAlignment == 0.
  Panels SliceColumns(size_t begin, size_t end) const;
};

// Every target's panel width divides this.
inline constexpr size_t kPanelAlignment = 32;

// Floats needed for the panels of B[depth, columns] (columns rounded up); fp32: the same on every target.
size_t PackedSize(size_t depth, size_t columns, PanelFormat format = Precision::kFp32);

// Packs B[k][n] = b[k * stride + n] into `out` (PackedSize floats, 64-byte aligned). Pad columns are zero.
Panels PackRows(const float* b, size_t stride, size_t depth, size_t columns, float* out,
                Precision precision = Precision::kFp32);
// Packs B[k][n] = b[n * stride + k]: a weight [columns, depth] used as x * W^T.
Panels PackColumns(const float* b, size_t stride, size_t depth, size_t columns, float* out,
                   PanelFormat format = Precision::kFp32);
// Writes one column, B[k][column] = key[k], into panels in kFp32 of any B[depth, more columns] that begin at `packed`;
// all other columns stay as they are. Columns written one by one give the bits of PackColumns.
void PackColumn(const float* key, size_t depth, size_t column, float* packed);
// Reads a column back, out[k] = B[k][column]: of panels in Storage bf16 and q8 the numbers that RoundWeights gives.
// REQUIRES: the format's precision is kFp32.
void UnpackColumn(const Panels& panels, size_t column, float* out);
// Rounds a weight [columns, depth], in place, to the values that panels in `storage` hold of it: to the nearest bf16
// (denormals to zero), or, for kQ8, by GGUF's Q8_0: in blocks of 32 along a row, x = s q with s = max |x| / 127
// rounded to half precision and q the nearest integer. Packing the result gives the same panels again. A block that is
// not finite becomes NaN. kF32 changes nothing.
void RoundWeights(float* weight, size_t columns, size_t depth, Storage storage);
// The view of panels that were packed earlier into `packed`.
Panels PackedView(const float* packed, size_t depth, size_t columns, PanelFormat format = Precision::kFp32);

}  // namespace cllm
