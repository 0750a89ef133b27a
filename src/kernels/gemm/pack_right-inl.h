// The right operand of the product packed into panels. Compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_PACK_RIGHT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_PACK_RIGHT_INL_H_
#undef CLLM_KERNELS_GEMM_PACK_RIGHT_INL_H_
#else
#define CLLM_KERNELS_GEMM_PACK_RIGHT_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/gemm/operand_words-inl.h"
#include "kernels/gemm/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// Rows b[k] and b[k + 1] (odd: null if there is none) of a panel of which `width` columns exist; the others are zero.
template <OperandWords kWords>
HWY_INLINE void PackPanelPair(const float* HWY_RESTRICT even, const float* HWY_RESTRICT odd, size_t width,
                               float* HWY_RESTRICT to) {
  constexpr size_t kLanes = HWY_LANES(float);
  const FloatTag d;
  alignas(64) float edge[2 * kPanelWidth];
  if (width < kPanelWidth) {
    std::memset(edge, 0, sizeof edge);
    std::memcpy(edge, even, width * sizeof(float));
    even = edge;
    if (odd != nullptr) {
      std::memcpy(edge + kPanelWidth, odd, width * sizeof(float));
      odd = edge + kPanelWidth;
    }
  }
  for (size_t v = 0; v < kPanelWidth; v += kLanes) {
    if (odd != nullptr) {
      PutPair<kWords>(d, hn::LoadU(d, even + v), hn::LoadU(d, odd + v), to + v, kPanelWidth);
    } else {
      PutHalf<kWords>(d, hn::LoadU(d, even + v), to + v, kPanelWidth);
    }
  }
}

// Packs B[depth, columns] (row stride `stride`) into panels; missing columns of the last panel become zero. Depth is
// cut so that a piece of every row stays in the first-level cache while panel after panel takes its part.
template <OperandWords kWords>
HWY_INLINE void PackRight(const float* b, size_t stride, size_t depth, size_t columns, float* HWY_RESTRICT out) {
  constexpr size_t kDepthPiece = 16;
  const size_t words = WordCount(kWords, depth);
  for (size_t begin = 0; begin < depth; begin += kDepthPiece) {
    const size_t end = std::min(begin + kDepthPiece, depth);
    for (size_t column = 0; column < columns; column += kPanelWidth) {
      const size_t width = std::min(kPanelWidth, columns - column);
      float* to = out + column * words + WordCount(kWords, begin) * kPanelWidth;
      const float* from = b + begin * stride + column;
      for (size_t k = begin; k < end; k += 2, from += 2 * stride, to += WordCount(kWords, 2) * kPanelWidth) {
        PackPanelPair<kWords>(from, k + 1 < end ? from + stride : nullptr, width, to);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_PACK_RIGHT_INL_H_
