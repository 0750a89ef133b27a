#include "nn/linear.h"

#include <algorithm>

namespace cllm {
namespace {

ExactAccumulator::Adding Adding(GradientSink& sink) { return {sink.scale, sink.start, sink.tile, sink.seconds}; }

void Report(bool in_range, size_t grid, GradientSink& sink) {
  if (in_range || !sink.in_range) return;
  sink.in_range = false;
  sink.bad_grid = grid;
}

}  // namespace

void LinearForward(const float* x, size_t x_stride, size_t rows, const Panels& weight, float* y, size_t y_stride,
                   const Team& team) {
  const Range columns = team.Share(weight.columns, kPanelAlignment);
  if (columns.size() == 0) return;
  Gemm(rows, {.data = x, .row_stride = x_stride}, weight.SliceColumns(columns.begin, columns.end), y + columns.begin,
       y_stride, GemmInto::kOverwrite);
}

void LinearBackward(const float* d_y, size_t d_y_stride, size_t rows, const Panels& weight, float* d_x,
                    size_t d_x_stride, GemmInto into) {
  Gemm(rows, {.data = d_y, .row_stride = d_y_stride}, weight, d_x, d_x_stride, into);
}

size_t InputPanelsSize(size_t rows, size_t columns) {
  return std::max(PackedSize(rows, columns, Precision::kFp32), PackedSize(rows, columns, Precision::kBf16));
}

void LinearWeightGradient(const float* d_y, size_t d_y_stride, const Panels& x, size_t grid, const TileRegion& region,
                          GradientSink& sink) {
  DCHECK(x.columns == region.columns() && x.format.precision() == sink.precision);
  if (!sink.in_range) return;
  const auto produce = [&](const TileRegion& tile, float* gradient) {
    Gemm(tile.rows(), {.data = d_y + (tile.row_begin - region.row_begin), .row_stride = 1, .depth_stride = d_y_stride},
         x.SliceColumns(tile.column_begin - region.column_begin, tile.column_end - region.column_begin), gradient,
         tile.columns(), GemmInto::kOverwrite);
  };
  Report(sink.accumulator->AddTiles(grid, region, Adding(sink), produce), grid, sink);
}

void VectorGradient(const float* gradient, size_t grid, GradientSink& sink) {
  if (!sink.in_range) return;
  const size_t columns = sink.accumulator->grid(grid).columns;
  const auto produce = [&](const TileRegion& tile, float* out) {
    std::copy_n(gradient + tile.column_begin, tile.columns(), out);
  };
  Report(sink.accumulator->AddTiles(grid, {0, 1, 0, columns}, Adding(sink), produce), grid, sink);
}

}  // namespace cllm
