// The left operand of the product packed or converted into the words of its tiles. Compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_PACK_LEFT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_PACK_LEFT_INL_H_
#undef CLLM_KERNELS_GEMM_PACK_LEFT_INL_H_
#else
#define CLLM_KERNELS_GEMM_PACK_LEFT_INL_H_
#endif

#include <algorithm>
#include <cstddef>

#include "hwy/highway.h"
#include "kernels/access-inl.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/operand_words-inl.h"
#include "kernels/gemm/row_tiles-inl.h"
#include "kernels/gemm/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// One pair of k of a tile of PackLeft. kHalf: there is no odd row. load(from, i) gives a vector of from[i...].
template <OperandWords kWords, bool kHalf, typename Load>
HWY_INLINE void PackLeftPair(const float* HWY_RESTRICT even, const float* HWY_RESTRICT odd, const Load& load,
                              float* HWY_RESTRICT to) {
  constexpr size_t kLanes = HWY_LANES(float);
  constexpr bool kTwoWords = kWords == OperandWords::kBf16Floats || (kWords == OperandWords::kFloats && !kHalf);
  const FloatTag d;
  for (size_t v = 0; v < kTileVectors; ++v) {
    const FloatVector upper = kHalf ? hn::Zero(d) : load(odd, v * kLanes);
    hn::StoreU(FirstWord<kWords>(d, load(even, v * kLanes), upper), d, to + v * kLanes);
  }
  for (size_t v = 0; v < kTileVectors && kTwoWords; ++v) {
    const FloatVector upper = kHalf ? hn::Zero(d) : load(odd, v * kLanes);
    hn::StoreU(SecondWord<kWords>(d, load(even, v * kLanes), upper), d, to + kPackedRows + v * kLanes);
  }
}

// The same for all tiles: whole vectors for the first `wide`, then only what exists.
template <OperandWords kWords, bool kHalf>
HWY_INLINE void PackLeftPairs(const RowTiles& tiles, size_t wide, const float* HWY_RESTRICT even,
                               const float* HWY_RESTRICT odd, size_t stride, float* HWY_RESTRICT to) {
  const FloatTag d;
  const auto whole = [d](const float* from, size_t i) HWY_ATTR { return WholeVector().Load(d, from + i); };
  size_t i = 0;
  for (; i < wide; ++i, to += stride) {
    PackLeftPair<kWords, kHalf>(even + i * kTileRows, odd + i * kTileRows, whole, to);
  }
  for (; i < tiles.count(); ++i, to += stride) {
    const size_t row = tiles.begin(i), height = tiles.height(i);
    const auto part = [d, height](const float* from, size_t v) HWY_ATTR {
      return v < height ? PartVector{std::min(height - v, HWY_LANES(float))}.Load(d, from + v) : hn::Zero(d);
    };
    PackLeftPair<kWords, kHalf>(even + row, odd + row, part, to);
  }
}

// Packs A(m, k) = a.data[m + k * depth_stride] (row_stride 1) into tiles. Going down k reads whole cache lines, while
// the tile would read a few floats of lines that lie far apart and evict each other.
template <OperandWords kWords>
HWY_INLINE void PackLeft(const RowTiles& tiles, size_t rows, size_t depth, GemmLeft a, float* HWY_RESTRICT out) {
  const size_t stride = kPackedRows * WordCount(kWords, depth);
  // Tiles that whole vectors can copy without reading beyond the last row.
  const size_t wide = rows < kPackedRows ? 0 : std::min(tiles.full(), (rows - kPackedRows) / kTileRows + 1);
  size_t k = 0;
  for (; k + 2 <= depth; k += 2) {
    const float* even = a.data + k * a.depth_stride;
    PackLeftPairs<kWords, false>(tiles, wide, even, even + a.depth_stride, stride,
                                 out + WordCount(kWords, k) * kPackedRows);
  }
  if (k < depth) {
    const float* even = a.data + k * a.depth_stride;
    PackLeftPairs<kWords, true>(tiles, wide, even, even, stride, out + WordCount(kWords, k) * kPackedRows);
  }
}

// Words of A(m, k) = a.data[m * row_stride + k], row by row: WordCount(kWords, depth) of each. REQUIRES: words in
// bf16.
template <OperandWords kWords>
HWY_INLINE void ConvertLeft(size_t rows, size_t depth, GemmLeft a, float* HWY_RESTRICT out) {
  static_assert(kWords != OperandWords::kFloats);
  constexpr size_t kLanes = HWY_LANES(float);
  const FloatTag d;
  for (size_t r = 0; r < rows; ++r, out += WordCount(kWords, depth)) {
    const float* HWY_RESTRICT from = a.data + r * a.row_stride;
    size_t k = 0;
    if constexpr (kWords == OperandWords::kBf16Floats) {
      for (; k + kLanes <= depth; k += kLanes) {
        hn::StoreU(hn::Shuffle2301(RoundToBf16(d, hn::LoadU(d, from + k))), d, out + k);
      }
    } else {
      for (; k + 2 * kLanes <= depth; k += 2 * kLanes) {
        const FloatVector low = hn::LoadU(d, from + k), high = hn::LoadU(d, from + k + kLanes);
        PutPair<kWords>(d, hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low), out + k / 2, 0);
      }
    }
    for (; k < depth; k += 2) {
      PutOne<kWords>(from + k, k + 1 < depth ? from + k + 1 : nullptr, out + WordCount(kWords, k), 1);
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_PACK_LEFT_INL_H_
