#pragma once

#include <cstddef>

#include "nn/linear.h"

namespace cllm {

// Hidden units handled at once: the activation silu(gate) * up and its gradient exist for one block only.
inline constexpr size_t kHiddenBlock = 384;
static_assert(kHiddenBlock % kPanelAlignment == 0 && kHiddenBlock % kRegisterRows == 0);

// Floats of scratch for `rows` positions: forward alone, by a team that shares it, and backward.
inline size_t FeedForwardScratch(size_t rows, size_t team = 1) { return rows * kHiddenBlock * team; }
inline size_t FeedForwardBackwardScratch(size_t rows, size_t width) {
  return FeedForwardScratch(rows) + InputPanelsSize(rows, kHiddenBlock) + InputPanelsSize(rows, width);
}

// Floats from one row of gate and up to the next: a line more than 2F where 2F is a multiple of 1 KiB, since parts of
// such rows fall on a few sets of a cache and evict each other.
inline size_t GateUpStride(size_t hidden) { return 2 * hidden + (2 * hidden % 256 == 0 ? 16 : 0); }

struct FeedForwardShape {
  size_t rows = 0;    // T
  size_t width = 0;   // C
  size_t hidden = 0;  // F
};

// SwiGLU (Shazeer 2020): y[T, C] = (silu(x Wg^T) * (x Wu^T)) Wd^T. gate_up_weight packs [2F, C] and down_weight [C, F],
// both by columns. gate_up [T, 2F], of row stride GateUpStride(F), is kept for backward.
struct FeedForwardWeights {
  Panels gate_up;
  Panels down;
};
// A team shares all of these buffers: each member computes its share of the hidden units, then of y's columns, and
// returns without having met the others after that.
void FeedForward(const FeedForwardShape& shape, const float* x, const FeedForwardWeights& weights, float* gate_up,
                 float* y, float* scratch, const Team& team = {});

// d_y, x, d_x [T, C]; weights packed by rows; gate_up, as forward left it, is overwritten. d_x is overwritten.
struct FeedForwardGrids {
  size_t gate, up, down;
};
void FeedForwardBackward(const FeedForwardShape& shape, const float* d_y, const float* x,
                         const FeedForwardWeights& weights, const FeedForwardGrids& grids, float* gate_up, float* d_x,
                         float* scratch, GradientSink& sink);

}  // namespace cllm
