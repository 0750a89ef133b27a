#pragma once

#include <cstddef>

#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "nn/exact_accumulator.h"
#include "spheres/team.h"

namespace cllm {

// Where the weight gradients of one work item go, and with what factor. One worker only.
struct GradientSink {
  ExactAccumulator* accumulator = nullptr;
  FixedScale scale = 1;    // 1 / tokens of the global batch
  size_t start = 0;        // which tile to begin with: spreads workers over the tiles, changes no bit
  float* tile = nullptr;   // kTileFloats of scratch
  Precision precision = Precision::kFp32;  // of the products that make weight gradients
  double seconds = 0;      // spent adding to the accumulator
  bool in_range = true;    // false once a gradient was not finite or too large
  size_t bad_grid = 0;     // the grid where that happened first
};

// y[T, N] = x[T, K] W^T, W [N, K] packed by PackColumns; y_stride floats between rows. Of a team, each member computes
// its share of the columns; the products of an element and their order do not depend on the cut.
void LinearForward(const float* x, size_t x_stride, size_t rows, const Panels& weight, float* y, size_t y_stride,
                   const Team& team = {});

// d_x[T, K] = or += d_y[T, N] W, W packed by PackRows (depth N, columns K).
void LinearBackward(const float* d_y, size_t d_y_stride, size_t rows, const Panels& weight, float* d_x,
                    size_t d_x_stride, GemmInto into);

// Floats for x[rows, columns] packed by PackRows, in either precision; a multiple of a cache line.
size_t InputPanelsSize(size_t rows, size_t columns);

// d_W[region] += d_y^T x: d_y points at column region.row_begin of [T, .]; x[T, region.columns()] are the region's
// columns, packed by PackRows in the sink's precision. REQUIRES: tiles of the grid begin at multiples of
// kPanelAlignment.
void LinearWeightGradient(const float* d_y, size_t d_y_stride, const Panels& x, size_t grid, const TileRegion& region,
                          GradientSink& sink);

// The whole gradient of a vector parameter (a norm's weight) [columns].
void VectorGradient(const float* gradient, size_t grid, GradientSink& sink);

}  // namespace cllm
