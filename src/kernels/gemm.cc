#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm.cc"
#include "hwy/foreach_target.h"

#include "kernels/gemm_tile-inl.h"

#include <cstring>
#include <utility>

#include "kernels/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// Calls Tile with `rows` as a constant.
template <size_t... kRow>
HWY_INLINE void TileOfRows(std::index_sequence<kRow...>, size_t rows, GemmLeft a, TileRight b, size_t depth, float* c,
                           size_t c_stride, GemmInto into) {
  static_cast<void>(((rows == kRow + 1 && (Tile<kRow + 1, 1>(a, b, depth, c, c_stride, into), true)) || ...));
}

HWY_NOINLINE void AnyTile(size_t rows, GemmLeft a, TileRight b, size_t depth, float* c, size_t c_stride,
                          GemmInto into) {
  TileOfRows(std::make_index_sequence<kTileRows>(), rows, a, b, depth, c, c_stride, into);
}

// A tile whose last columns do not exist in C: computed in a scratch tile, so that nothing beyond C is touched.
HWY_NOINLINE void EdgeTile(size_t rows, size_t columns, GemmLeft a, TileRight b, size_t depth, float* c,
                           size_t c_stride, GemmInto into) {
  alignas(64) float scratch[kTileRows * kPanelWidth] = {};
  for (size_t r = 0; r < rows && into == GemmInto::kAdd; ++r) {
    std::memcpy(scratch + r * kPanelWidth, c + r * c_stride, columns * sizeof(float));
  }
  AnyTile(rows, a, b, depth, scratch, kPanelWidth, into);
  for (size_t r = 0; r < rows; ++r) {
    std::memcpy(c + r * c_stride, scratch + r * kPanelWidth, columns * sizeof(float));
  }
}

// All rows against one panel of B, of which `columns` columns exist.
void OnePanel(size_t m, size_t columns, GemmLeft a, TileRight b, size_t depth, float* c, size_t c_stride,
              GemmInto into) {
  for (size_t row = 0; row < m; row += kTileRows) {
    const size_t rows = std::min(kTileRows, m - row);
    const GemmLeft a_rows = {a.data + row * a.row_stride, a.row_stride, a.depth_stride};
    float* c_rows = c + row * c_stride;
    if (columns == kPanelWidth) {
      AnyTile(rows, a_rows, b, depth, c_rows, c_stride, into);
    } else {
      EdgeTile(rows, columns, a_rows, b, depth, c_rows, c_stride, into);
    }
  }
}

void GemmPacked(size_t m, GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into) {
  for (size_t column = 0; column < b.columns; column += kPanelWidth) {
    const TileRight panel = {b.data + column / kPanelWidth * b.panel_stride, kPanelWidth, b.panel_stride};
    OnePanel(m, std::min(kPanelWidth, b.columns - column), a, panel, b.depth, c + column, c_stride, into);
  }
}

// Rows of B, copied so that their missing columns are zero: the last panel of GemmRows.
void GemmRowsEdge(size_t m, size_t columns, size_t depth, GemmLeft a, const float* b, size_t b_stride, float* c,
                  size_t c_stride, GemmInto into) {
  constexpr size_t kDepth = 256;
  alignas(64) float packed[kDepth * kPanelWidth] = {};
  for (size_t begin = 0; begin < depth || begin == 0; begin += kDepth) {
    const size_t rows = std::min(kDepth, depth - begin);
    for (size_t k = 0; k < rows; ++k) {
      std::memcpy(packed + k * kPanelWidth, b + (begin + k) * b_stride, columns * sizeof(float));
    }
    const GemmLeft a_part = {a.data + begin * a.depth_stride, a.row_stride, a.depth_stride};
    OnePanel(m, columns, a_part, {packed, kPanelWidth, 0}, rows, c, c_stride, begin == 0 ? into : GemmInto::kAdd);
  }
}

void GemmUnpacked(size_t m, size_t n, size_t depth, GemmLeft a, const float* b, size_t b_stride, float* c,
                  size_t c_stride, GemmInto into) {
  size_t column = 0;
  for (; column + kPanelWidth <= n; column += kPanelWidth) {
    OnePanel(m, kPanelWidth, a, {b + column, b_stride, 0}, depth, c + column, c_stride, into);
  }
  if (column < n) GemmRowsEdge(m, n - column, depth, a, b + column, b_stride, c + column, c_stride, into);
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {
namespace {

HWY_EXPORT(GemmPacked);
HWY_EXPORT(GemmUnpacked);

}  // namespace

void Gemm(size_t m, GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into) {
  HWY_DYNAMIC_DISPATCH(GemmPacked)(m, a, b, c, c_stride, into);
}

void GemmRows(size_t m, size_t n, size_t k, GemmLeft a, const float* b, size_t b_stride, float* c, size_t c_stride,
              GemmInto into) {
  HWY_DYNAMIC_DISPATCH(GemmUnpacked)(m, n, k, a, b, b_stride, c, c_stride, into);
}

}  // namespace cllm
#endif  // HWY_ONCE
