// The register tiles of the matrix product, compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_TILE_INL_H_
#undef CLLM_KERNELS_GEMM_TILE_INL_H_
#else
#define CLLM_KERNELS_GEMM_TILE_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVector = hn::Vec<FloatTag>;

// A panel is kVectors vectors wide. Chosen by registers: rows x vectors accumulators, the vectors of a row of B and a
// broadcast element of A fit in 16 (AVX2) or 32 (AVX-512, NEON) registers.
#if HWY_TARGET == HWY_NEON
inline constexpr size_t kVectors = 4;
inline constexpr size_t kTileRows = 6;
#elif HWY_TARGET <= HWY_AVX3
inline constexpr size_t kVectors = 2;
inline constexpr size_t kTileRows = 12;
#else
inline constexpr size_t kVectors = 2;
inline constexpr size_t kTileRows = 6;
#endif
inline constexpr size_t kPanelWidth = kVectors * HWY_LANES(float);
static_assert(kPanelAlignment % kPanelWidth == 0);

// B as the tile reads it: row k of panel p begins at data + p * panel_stride + k * row_stride.
struct TileRight {
  const float* data;
  size_t row_stride;
  size_t panel_stride;
};

// C[kRows, kPanels * kPanelWidth] = or += A[kRows, depth] * B[depth, kPanels * kPanelWidth], C row-major.
template <size_t kRows, size_t kPanels>
HWY_INLINE void Tile(GemmLeft a, TileRight b, size_t depth, float* HWY_RESTRICT c, size_t c_stride, GemmInto into) {
  constexpr size_t kColumns = kPanels * kVectors;
  constexpr size_t kLanes = HWY_LANES(float);
  const FloatTag d;
  FloatVector sum[kRows][kColumns];
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kColumns; ++v) {
      sum[r][v] = into == GemmInto::kAdd ? hn::LoadU(d, c + r * c_stride + v * kLanes) : hn::Zero(d);
    }
  }
  const float* HWY_RESTRICT a_k = a.data;
  const float* HWY_RESTRICT b_k = b.data;
  for (size_t k = 0; k < depth; ++k, a_k += a.depth_stride, b_k += b.row_stride) {
    FloatVector right[kColumns];
#pragma GCC unroll 16
    for (size_t v = 0; v < kColumns; ++v) {
      right[v] = hn::LoadU(d, b_k + (v / kVectors) * b.panel_stride + (v % kVectors) * kLanes);
    }
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const FloatVector left = hn::Set(d, a_k[r * a.row_stride]);
#pragma GCC unroll 16
      for (size_t v = 0; v < kColumns; ++v) sum[r][v] = hn::MulAdd(left, right[v], sum[r][v]);
    }
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kColumns; ++v) hn::StoreU(sum[r][v], d, c + r * c_stride + v * kLanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_TILE_INL_H_
