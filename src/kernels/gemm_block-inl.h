// Between the register tiles and the whole product: rows cut into tiles and operands re-laid into what the tiles read,
// compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_BLOCK_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_BLOCK_INL_H_
#undef CLLM_KERNELS_GEMM_BLOCK_INL_H_
#else
#define CLLM_KERNELS_GEMM_BLOCK_INL_H_
#endif

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "hwy/highway.h"
#include "kernels/access-inl.h"
#include "kernels/gemm.h"
#include "kernels/gemm_form-inl.h"
#include "kernels/gemm_tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// The rows of C cut into tiles: full ones first, then at most two of nearly equal height, since a tile of one or two
// rows has too few independent chains and takes as long as one of four.
class RowTiles {
 public:
  explicit RowTiles(size_t rows) : rows_(rows), full_(rows / kTileRows) {
    const size_t rest = rows % kTileRows;
    if (rest == 0) return;
    if (full_ == 0) {
      first_rest_ = rest;
    } else {
      --full_;
      first_rest_ = (kTileRows + rest + 1) / 2;
    }
  }

  size_t count() const { return full_ + (first_rest_ > 0) + (begin(full_) + first_rest_ < rows_); }
  size_t full() const { return full_; }
  size_t begin(size_t i) const { return i <= full_ ? i * kTileRows : full_ * kTileRows + first_rest_; }
  size_t height(size_t i) const {
    if (i < full_) return kTileRows;
    return i == full_ ? first_rest_ : rows_ - begin(i);
  }

 private:
  size_t rows_;
  size_t full_;             // tiles of kTileRows
  size_t first_rest_ = 0;   // height of the tile after them, 0: none
};

// A of some rows: row by row, or re-laid tile by tile with kRelaidRows floats for each word.
struct LeftBlock {
  explicit LeftBlock(GemmLeft a) : data(a.data), row_stride(a.row_stride), depth_stride(a.depth_stride) {}
  LeftBlock(const float* relayed, size_t words)
      : data(relayed), row_stride(1), depth_stride(kRelaidRows), tile_stride(kRelaidRows * words) {}

  const float* Tile(const RowTiles& tiles, size_t i) const {
    return data + (tile_stride != 0 ? i * tile_stride : tiles.begin(i) * row_stride);
  }

  const float* data;
  size_t row_stride, depth_stride;
  size_t tile_stride = 0;  // 0: not re-laid
};

// One pair of k of a tile of RelayLeft. kHalf: there is no odd row. load(from, i) gives a vector of from[i...].
template <Form kForm, bool kHalf, typename Load>
HWY_INLINE void RelayLeftPair(const float* HWY_RESTRICT even, const float* HWY_RESTRICT odd, const Load& load,
                              float* HWY_RESTRICT to) {
  constexpr size_t kLanes = HWY_LANES(float);
  constexpr bool kTwoWords = kForm == Form::kFloats || (kForm == Form::kSingle && !kHalf);
  const FloatTag d;
  for (size_t v = 0; v < kTileVectors; ++v) {
    const FloatVector upper = kHalf ? hn::Zero(d) : load(odd, v * kLanes);
    hn::StoreU(FirstWord<kForm>(d, load(even, v * kLanes), upper), d, to + v * kLanes);
  }
  for (size_t v = 0; v < kTileVectors && kTwoWords; ++v) {
    const FloatVector upper = kHalf ? hn::Zero(d) : load(odd, v * kLanes);
    hn::StoreU(SecondWord<kForm>(d, load(even, v * kLanes), upper), d, to + kRelaidRows + v * kLanes);
  }
}

// The same for all tiles: whole vectors for the first `wide`, then only what exists.
template <Form kForm, bool kHalf>
HWY_INLINE void RelayLeftPairs(const RowTiles& tiles, size_t wide, const float* HWY_RESTRICT even,
                               const float* HWY_RESTRICT odd, size_t stride, float* HWY_RESTRICT to) {
  const FloatTag d;
  const auto whole = [d](const float* from, size_t i) HWY_ATTR { return WholeVector().Load(d, from + i); };
  size_t i = 0;
  for (; i < wide; ++i, to += stride) {
    RelayLeftPair<kForm, kHalf>(even + i * kTileRows, odd + i * kTileRows, whole, to);
  }
  for (; i < tiles.count(); ++i, to += stride) {
    const size_t row = tiles.begin(i), height = tiles.height(i);
    const auto part = [d, height](const float* from, size_t v) HWY_ATTR {
      return v < height ? PartVector{std::min(height - v, HWY_LANES(float))}.Load(d, from + v) : hn::Zero(d);
    };
    RelayLeftPair<kForm, kHalf>(even + row, odd + row, part, to);
  }
}

// Re-lays A(m, k) = a.data[m + k * depth_stride] (row_stride 1) into tiles. Going down k reads whole cache lines, while
// the tile would read a few floats of lines that lie far apart and evict each other.
template <Form kForm>
HWY_INLINE void RelayLeft(const RowTiles& tiles, size_t rows, size_t depth, GemmLeft a, float* HWY_RESTRICT out) {
  const size_t stride = kRelaidRows * WordsOf(kForm, depth);
  // Tiles that whole vectors can copy without reading beyond the last row.
  const size_t wide = rows < kRelaidRows ? 0 : std::min(tiles.full(), (rows - kRelaidRows) / kTileRows + 1);
  size_t k = 0;
  for (; k + 2 <= depth; k += 2) {
    const float* even = a.data + k * a.depth_stride;
    RelayLeftPairs<kForm, false>(tiles, wide, even, even + a.depth_stride, stride,
                                 out + WordsOf(kForm, k) * kRelaidRows);
  }
  if (k < depth) {
    const float* even = a.data + k * a.depth_stride;
    RelayLeftPairs<kForm, true>(tiles, wide, even, even, stride, out + WordsOf(kForm, k) * kRelaidRows);
  }
}

// Words of A(m, k) = a.data[m * row_stride + k], row by row: WordsOf(kForm, depth) of each. REQUIRES: a form in bf16.
template <Form kForm>
HWY_INLINE void ConvertLeft(size_t rows, size_t depth, GemmLeft a, float* HWY_RESTRICT out) {
  static_assert(kForm != Form::kSingle);
  constexpr size_t kLanes = HWY_LANES(float);
  const FloatTag d;
  for (size_t r = 0; r < rows; ++r, out += WordsOf(kForm, depth)) {
    const float* HWY_RESTRICT from = a.data + r * a.row_stride;
    size_t k = 0;
    if constexpr (kForm == Form::kFloats) {
      for (; k + kLanes <= depth; k += kLanes) {
        hn::StoreU(hn::Shuffle2301(RoundToBf16(d, hn::LoadU(d, from + k))), d, out + k);
      }
    } else {
      for (; k + 2 * kLanes <= depth; k += 2 * kLanes) {
        const FloatVector low = hn::LoadU(d, from + k), high = hn::LoadU(d, from + k + kLanes);
        PutPair<kForm>(d, hn::ConcatEven(d, high, low), hn::ConcatOdd(d, high, low), out + k / 2, 0);
      }
    }
    for (; k < depth; k += 2) {
      PutOne<kForm>(from + k, k + 1 < depth ? from + k + 1 : nullptr, out + WordsOf(kForm, k), 1);
    }
  }
}

// Rows b[k] and b[k + 1] (odd: null if there is none) of a panel of which `width` columns exist; the others are zero.
template <Form kForm>
HWY_INLINE void RelayPanelPair(const float* HWY_RESTRICT even, const float* HWY_RESTRICT odd, size_t width,
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
      PutPair<kForm>(d, hn::LoadU(d, even + v), hn::LoadU(d, odd + v), to + v, kPanelWidth);
    } else {
      PutHalf<kForm>(d, hn::LoadU(d, even + v), to + v, kPanelWidth);
    }
  }
}

// Re-lays B[depth, columns] (row stride `stride`) into panels; missing columns of the last panel become zero. Depth is
// cut so that a piece of every row stays in the first-level cache while panel after panel takes its part.
template <Form kForm>
HWY_INLINE void RelayRight(const float* b, size_t stride, size_t depth, size_t columns, float* HWY_RESTRICT out) {
  constexpr size_t kDepthPiece = 16;
  const size_t words = WordsOf(kForm, depth);
  for (size_t begin = 0; begin < depth; begin += kDepthPiece) {
    const size_t end = std::min(begin + kDepthPiece, depth);
    for (size_t column = 0; column < columns; column += kPanelWidth) {
      const size_t width = std::min(kPanelWidth, columns - column);
      float* to = out + column * words + WordsOf(kForm, begin) * kPanelWidth;
      const float* from = b + begin * stride + column;
      for (size_t k = begin; k < end; k += 2, from += 2 * stride, to += WordsOf(kForm, 2) * kPanelWidth) {
        RelayPanelPair<kForm>(from, k + 1 < end ? from + stride : nullptr, width, to);
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_BLOCK_INL_H_
