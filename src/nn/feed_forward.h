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

// SwiGLU (Shazeer 2020): y[T, C] = (silu(x Wg^T) * (x Wu^T)) Wd^T. gate_up packs the weight [2F, C], gate rows before
// up rows, and down [C, F], both by columns.
struct FeedForwardWeights {
  Panels gate_up;
  Panels down;
};
struct FeedForwardBuffers {
  const float* x;  // [T, C]
  float* gate_up;  // [T, 2F], of row stride GateUpStride(F), kept for backward
  float* y;        // [T, C]
  float* scratch;  // FeedForwardScratch
};
// A team shares the buffers: each member computes its share of the hidden units, then of y's columns, and returns
// without having met the others after that.
void FeedForward(const FeedForwardShape& shape, const FeedForwardWeights& weights, const FeedForwardBuffers& buffers,
                 const Team& team = {});

// Its gradient. The weights are packed by rows; their gradients go to the sink.
struct FeedForwardGrids {
  size_t gate, up, down;
};
struct FeedForwardGradients {
  const float* d_y;  // [T, C]
  const float* x;    // [T, C]
  float* gate_up;    // as forward left it; becomes its own gradient
  float* d_x;        // [T, C], is overwritten
  float* scratch;    // FeedForwardBackwardScratch
};
void FeedForwardBackward(const FeedForwardShape& shape, const FeedForwardWeights& weights,
                         const FeedForwardGrids& grids, const FeedForwardGradients& buffers, GradientSink& sink);

}  // namespace cllm
