#pragma once

#include <cstddef>

#include "nn/linear.h"

namespace cllm {

// Hidden units handled at once: the activation silu(gate) * up and its gradient exist for one block only.
inline constexpr size_t kHiddenBlock = 128;

// Floats of scratch for `rows` positions.
inline size_t FeedForwardScratch(size_t rows) { return rows * kHiddenBlock; }

struct FeedForwardShape {
  size_t rows = 0;    // T
  size_t width = 0;   // C
  size_t hidden = 0;  // F
};

// SwiGLU (Shazeer 2020): y[T, C] = (silu(x Wg^T) * (x Wu^T)) Wd^T. gate_up_weight packs [2F, C] and down_weight [C, F],
// both by columns. gate_up [T, 2F] is kept for backward.
struct FeedForwardWeights {
  Panels gate_up;
  Panels down;
};
void FeedForward(const FeedForwardShape& shape, const float* x, const FeedForwardWeights& weights, float* gate_up,
                 float* y, float* scratch);

// d_y, x, d_x [T, C]; weights packed by rows; gate_up [T, 2F] is overwritten. d_x is overwritten.
struct FeedForwardGrids {
  size_t gate, up, down;
};
void FeedForwardBackward(const FeedForwardShape& shape, const float* d_y, const float* x,
                         const FeedForwardWeights& weights, const FeedForwardGrids& grids, float* gate_up, float* d_x,
                         float* scratch, GradientSink& sink);

}  // namespace cllm
