// Rows of the product cut into tiles, and the left operand as they read it. Compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_ROW_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_ROW_TILES_INL_H_
#undef CLLM_KERNELS_GEMM_ROW_TILES_INL_H_
#else
#define CLLM_KERNELS_GEMM_ROW_TILES_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/tile-inl.h"

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

// A of some rows: row by row, or packed tile by tile with kPackedRows floats for each word.
struct LeftBlock {
  explicit LeftBlock(GemmLeft a) : data(a.data), row_stride(a.row_stride), depth_stride(a.depth_stride) {}
  LeftBlock(const float* packed, size_t words)
      : data(packed), row_stride(1), depth_stride(kPackedRows), tile_stride(kPackedRows * words) {}

  const float* Tile(const RowTiles& tiles, size_t i) const {
    return data + (tile_stride != 0 ? i * tile_stride : tiles.begin(i) * row_stride);
  }

  const float* data;
  size_t row_stride, depth_stride;
  size_t tile_stride = 0;  // 0: not packed
};

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_ROW_TILES_INL_H_
