// What lies between the register tiles and the whole product, compiled once per SIMD target: cutting rows into tiles,
// edges, and re-laying operands into scratch.
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
#include "kernels/gemm.h"
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

// Floats from one re-laid tile to the next: whole vectors are stored, so the last one runs over by less than a vector.
constexpr size_t LeftTileStride(size_t depth) { return kTileRows * depth + HWY_LANES(float); }

// A of some rows: as the caller has it, or re-laid tile by tile with kTileRows floats per step of depth.
struct LeftBlock {
  explicit LeftBlock(GemmLeft a) : data(a.data), row_stride(a.row_stride), depth_stride(a.depth_stride) {}
  LeftBlock(const float* relayed, size_t depth)
      : data(relayed), row_stride(1), depth_stride(kTileRows), tile_stride(LeftTileStride(depth)) {}

  const float* Tile(const RowTiles& tiles, size_t i) const {
    return data + (tile_stride != 0 ? i * tile_stride : tiles.begin(i) * row_stride);
  }

  const float* data;
  size_t row_stride, depth_stride;
  size_t tile_stride = 0;  // 0: not re-laid
};

// Re-lays A(m, k) = a.data[m + k * depth_stride] (row_stride 1) into tiles. Going down k reads whole cache lines, while
// the tile would read a few floats of lines that lie far apart and evict each other.
HWY_INLINE void RelayLeft(const RowTiles& tiles, size_t rows, size_t depth, GemmLeft a, float* HWY_RESTRICT out) {
  constexpr size_t kLanes = HWY_LANES(float);
  constexpr size_t kTileVectors = (kTileRows + kLanes - 1) / kLanes;
  const FloatTag d;
  const size_t stride = LeftTileStride(depth);
  // Tiles that whole vectors can copy without reading beyond the last row.
  const size_t wide = rows < kTileVectors * kLanes
                          ? 0
                          : std::min(tiles.full(), (rows - kTileVectors * kLanes) / kTileRows + 1);
  for (size_t k = 0; k < depth; ++k) {
    const float* HWY_RESTRICT from = a.data + k * a.depth_stride;
    float* HWY_RESTRICT to = out + k * kTileRows;
    size_t i = 0;
    for (; i < wide; ++i, from += kTileRows, to += stride) {
      for (size_t v = 0; v < kTileVectors; ++v) hn::StoreU(hn::LoadU(d, from + v * kLanes), d, to + v * kLanes);
    }
    for (; i < tiles.count(); ++i, to += stride) {
      for (size_t r = 0; r < tiles.height(i); ++r) *(to + r) = *from++;
    }
  }
}

// Re-lays B[depth, columns] (row stride `stride`) into panels; missing columns of the last panel become zero. Depth is
// cut so that a piece of every row stays in the first-level cache while panel after panel takes its part.
HWY_INLINE void RelayRight(const float* b, size_t stride, size_t depth, size_t columns, float* HWY_RESTRICT out) {
  constexpr size_t kLanes = HWY_LANES(float);
  constexpr size_t kDepthPiece = 16;
  const FloatTag d;
  for (size_t begin = 0; begin < depth; begin += kDepthPiece) {
    const size_t end = std::min(begin + kDepthPiece, depth);
    for (size_t column = 0; column < columns; column += kPanelWidth) {
      const size_t width = std::min(kPanelWidth, columns - column);
      float* HWY_RESTRICT to = out + column * depth + begin * kPanelWidth;
      const float* HWY_RESTRICT from = b + begin * stride + column;
      for (size_t k = begin; k < end; ++k, from += stride, to += kPanelWidth) {
        if (width == kPanelWidth) {
          for (size_t v = 0; v < kVectors; ++v) hn::Store(hn::LoadU(d, from + v * kLanes), d, to + v * kLanes);
        } else {
          std::memcpy(to, from, width * sizeof(float));
          std::memset(to + width, 0, (kPanelWidth - width) * sizeof(float));
        }
      }
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_BLOCK_INL_H_
