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
#include "kernels/gemm/tile.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FloatTag = hn::ScalableTag<float>;
using FloatVector = hn::Vec<FloatTag>;

// A panel is kVectors vectors wide. Chosen by registers: rows x vectors accumulators, the vectors of a row of B and a
// broadcast element of A fit in 16 (AVX2) or 32 (AVX-512, NEON) registers.
#if HWY_ARCH_ARM
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
// Vectors that hold the rows of a tile, and floats of a packed tile for each word: whole vectors, so that they are
// stored without crossing lines.
inline constexpr size_t kTileVectors = (kTileRows + HWY_LANES(float) - 1) / HWY_LANES(float);
inline constexpr size_t kPackedRows = kTileVectors * HWY_LANES(float);
static_assert(kPanelAlignment % kPanelWidth == 0);

// One step down k of a tile: sum[r][v] += a[r] * b[v]. kLeftStep: kPackedRows where a's rows lie side by side.
template <size_t kLeftStep, size_t kRows, size_t kColumns>
HWY_INLINE void TileStep(const TileShape& shape, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                         FloatVector (&sum)[kRows][kColumns]) {
  const FloatTag d;
  FloatVector right[kColumns];
#pragma GCC unroll 16
  for (size_t v = 0; v < kColumns; ++v) {
    right[v] = hn::LoadU(d, b + v / kVectors * shape.b_panel_stride + v % kVectors * HWY_LANES(float));
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
    const FloatVector left = hn::Set(d, a[r * (kLeftStep == kPackedRows ? 1 : shape.a_row_stride)]);
#pragma GCC unroll 16
    for (size_t v = 0; v < kColumns; ++v) sum[r][v] = hn::MulAdd(left, right[v], sum[r][v]);
  }
}

// All steps, with strides that the compiler knows: fewer instructions other than the products, whose ports they share.
inline constexpr size_t kUnroll = 4;
// With the address sanitizer each load is a block of code of its own, and four steps in a row would take the compiler
// more than a minute.
#if HWY_IS_ASAN
inline constexpr int kUnrolledSteps = 1;
#else
inline constexpr int kUnrolledSteps = kUnroll;
#endif
template <size_t kLeftStep, size_t kRows, size_t kColumns>
HWY_INLINE void TileSteps(const TileShape& shape, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                          const float* c, FloatVector (&sum)[kRows][kColumns]) {
  uintptr_t prefetch = shape.prefetch;
  const uintptr_t second = sizeof(float) * shape.prefetch_second, step = sizeof(float) * shape.prefetch_step;
  size_t k = 0;
  for (; k + kUnroll <= shape.depth; k += kUnroll, a += kUnroll * kLeftStep, b += kUnroll * kPanelWidth) {
    __builtin_prefetch(reinterpret_cast<const void*>(prefetch), 0, 2);
    __builtin_prefetch(reinterpret_cast<const void*>(prefetch + second), 0, 2);
    prefetch += step;
    if (k < kUnroll * kRows) {
#pragma GCC unroll 4
      for (size_t v = 0; v < kColumns; ++v) __builtin_prefetch(c + v * HWY_LANES(float), 1, 3);
      c += shape.c_stride;
    }
#pragma GCC unroll kUnrolledSteps
    for (size_t j = 0; j < kUnroll; ++j) TileStep<kLeftStep>(shape, a + j * kLeftStep, b + j * kPanelWidth, sum);
  }
  for (; k < shape.depth; ++k, a += kLeftStep, b += kPanelWidth) TileStep<kLeftStep>(shape, a, b, sum);
}

// C[kRows, kPanels * kPanelWidth] = or += A[kRows, depth] * B[depth, kPanels * kPanelWidth].
template <size_t kRows, size_t kPanels>
void Tile(const TileShape& call, const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, float* HWY_RESTRICT c) {
  constexpr size_t kColumns = kPanels * kVectors;
  constexpr size_t kLanes = HWY_LANES(float);
  const FloatTag d;
  const TileShape shape = call;
  FloatVector sum[kRows][kColumns];
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kColumns; ++v) {
      sum[r][v] = shape.into == GemmInto::kAdd ? hn::LoadU(d, c + r * shape.c_stride + v * kLanes) : hn::Zero(d);
    }
  }
  if (shape.b_row_stride == kPanelWidth && shape.a_depth_stride == 1) {
    TileSteps<1>(shape, a, b, c + kRows * shape.c_stride, sum);
  } else if (shape.b_row_stride == kPanelWidth && shape.a_depth_stride == kPackedRows && shape.a_row_stride == 1) {
    TileSteps<kPackedRows>(shape, a, b, c + kRows * shape.c_stride, sum);
  } else {
    for (size_t k = 0; k < shape.depth; ++k, a += shape.a_depth_stride, b += shape.b_row_stride) {
      TileStep<0>(shape, a, b, sum);
    }
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kColumns; ++v) hn::StoreU(sum[r][v], d, c + r * shape.c_stride + v * kLanes);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_TILE_INL_H_
