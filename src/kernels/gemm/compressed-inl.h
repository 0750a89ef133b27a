// Right operands compressed to fewer bits than a float (Storage::kBf16 and kQ8): how their panels are laid out, and
// products with them. Compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_COMPRESSED_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_COMPRESSED_INL_H_
#undef CLLM_KERNELS_GEMM_COMPRESSED_INL_H_
#else
#define CLLM_KERNELS_GEMM_COMPRESSED_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/gemm/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// Panels of a tile of one row: their sums and scales fit in the registers.
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
inline constexpr size_t kCompressedPanels = 4;
#else
inline constexpr size_t kCompressedPanels = 2;
#endif
// Rows that share their scales.
inline constexpr size_t kScaledRows = 32;

// A panel in bf16: row after row, kPanelWidth values of 16 bits each.
struct Bf16Rows {
  // Words (of a float) for each column.
  static constexpr size_t Words(size_t depth) { return (depth + 1) / 2; }

  HWY_INLINE void Open(const float* panel) { values_ = reinterpret_cast<const uint16_t*>(panel); }
  // What the rows from k on share. REQUIRES: k % kScaledRows == 0.
  HWY_INLINE void Begin(size_t /*k*/) {}
  // Vector v of row k.
  HWY_INLINE FloatVector Get(size_t k, size_t v) const {
    const FloatTag d;
    const hn::Rebind<uint16_t, FloatTag> d16;
    const hn::RebindToUnsigned<FloatTag> du;
    const auto bits = hn::LoadU(d16, values_ + k * kPanelWidth + v * HWY_LANES(float));
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, bits)));
  }

 private:
  const uint16_t* values_ = nullptr;
};

// A panel of 8-bit integers: for every kScaledRows rows the scales of its columns, then the rows. Of the last rows all
// exist, as zeros.
struct Q8Rows {
  static constexpr size_t kBlockWords = 1 + kScaledRows / sizeof(float);
  static constexpr size_t Words(size_t depth) { return (depth + kScaledRows - 1) / kScaledRows * kBlockWords; }

  HWY_INLINE void Open(const float* panel) { panel_ = panel; }
  HWY_INLINE void Begin(size_t k) {
    const float* block = panel_ + k / kScaledRows * (kBlockWords * kPanelWidth);
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) scales_[v] = hn::LoadU(FloatTag(), block + v * HWY_LANES(float));
    rows_ = reinterpret_cast<const int8_t*>(block + kPanelWidth) - k * kPanelWidth;
  }
  HWY_INLINE FloatVector Get(size_t k, size_t v) const {
    const FloatTag d;
    const hn::Rebind<int8_t, FloatTag> d8;
    const hn::RebindToSigned<FloatTag> di;
    const auto value = hn::LoadU(d8, rows_ + k * kPanelWidth + v * HWY_LANES(float));
    return hn::Mul(hn::ConvertTo(d, hn::PromoteTo(di, value)), scales_[v]);
  }

 private:
  const float* panel_ = nullptr;
  const int8_t* rows_ = nullptr;  // so that row k begins at rows_ + k * kPanelWidth
  FloatVector scales_[kVectors];
};

// Rows [k, k + depth) of a panel as floats. REQUIRES: k % kScaledRows == 0.
template <class Rows>
void ExpandRows(const float* panel, size_t k, size_t depth, float* HWY_RESTRICT out) {
  Rows rows;
  rows.Open(panel);
  for (const size_t end = k + depth; k < end;) {
    rows.Begin(k);
    for (const size_t block_end = std::min(k + kScaledRows, end); k < block_end; ++k, out += kPanelWidth) {
#pragma GCC unroll 16
      for (size_t v = 0; v < kVectors; ++v) hn::StoreU(rows.Get(k, v), FloatTag(), out + v * HWY_LANES(float));
    }
  }
}

// C[kRows, kPanels panels] = or += A B, expanding B on the way.
template <class Rows, size_t kRows, size_t kPanels>
void CompressedTile(GemmLeft a, const Panels& b, const float* panel, float* c, size_t c_stride, GemmInto into) {
  constexpr size_t kLanes = HWY_LANES(float);
  const FloatTag d;
  FloatVector sum[kRows][kPanels * kVectors];
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kPanels * kVectors; ++v) {
      sum[r][v] = into == GemmInto::kAdd ? hn::LoadU(d, c + r * c_stride + v * kLanes) : hn::Zero(d);
    }
  }
  Rows rows[kPanels];
#pragma GCC unroll 16
  for (size_t p = 0; p < kPanels; ++p) rows[p].Open(panel + p * b.panel_stride);
  for (size_t begin = 0; begin < b.depth; begin += kScaledRows) {
#pragma GCC unroll 16
    for (size_t p = 0; p < kPanels; ++p) rows[p].Begin(begin);
    const size_t end = std::min(begin + kScaledRows, b.depth);
    for (size_t k = begin; k < end; ++k) {
      FloatVector left[kRows];
#pragma GCC unroll 16
      for (size_t r = 0; r < kRows; ++r) left[r] = hn::Set(d, a.data[r * a.row_stride + k * a.depth_stride]);
#pragma GCC unroll 16
      for (size_t v = 0; v < kPanels * kVectors; ++v) {
        const FloatVector right = rows[v / kVectors].Get(k, v % kVectors);
#pragma GCC unroll 16
        for (size_t r = 0; r < kRows; ++r) sum[r][v] = hn::MulAdd(left[r], right, sum[r][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kPanels * kVectors; ++v) hn::StoreU(sum[r][v], d, c + r * c_stride + v * kLanes);
  }
}

// The last panels of a product, of which not all columns exist in C: computed in scratch.
template <class Rows, size_t kRows>
HWY_NOINLINE void CompressedEdge(GemmLeft a, const Panels& b, const float* panel, size_t columns, float* c,
                                 size_t c_stride, GemmInto into) {
  alignas(64) float scratch[kRows * kPanelWidth] = {};
  for (size_t r = 0; r < kRows && into == GemmInto::kAdd; ++r) {
    std::memcpy(scratch + r * kPanelWidth, c + r * c_stride, columns * sizeof(float));
  }
  CompressedTile<Rows, kRows, 1>(a, b, panel, scratch, kPanelWidth, into);
  for (size_t r = 0; r < kRows; ++r) std::memcpy(c + r * c_stride, scratch + r * kPanelWidth, columns * sizeof(float));
}

// The whole product of kRows rows, in tiles over several panels so that enough chains are in flight.
template <class Rows, size_t kRows>
void CompressedProduct(GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into) {
  constexpr size_t kPanels = std::max(kCompressedPanels / kRows, size_t{1});
  const float* panel = b.data;
  size_t column = 0;
  for (; column + kPanels * kPanelWidth <= b.columns; column += kPanels * kPanelWidth) {
    CompressedTile<Rows, kRows, kPanels>(a, b, panel, c + column, c_stride, into);
    panel += kPanels * b.panel_stride;
  }
  for (; column < b.columns; column += kPanelWidth, panel += b.panel_stride) {
    CompressedEdge<Rows, kRows>(a, b, panel, std::min(kPanelWidth, b.columns - column), c + column, c_stride, into);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_COMPRESSED_INL_H_
