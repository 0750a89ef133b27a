#include "nn/feed_forward.h"

#include <algorithm>

#include "kernels/swiglu.h"

namespace cllm {

void FeedForward(const FeedForwardShape& shape, const FeedForwardWeights& weights, const FeedForwardBuffers& b,
                 const Team& team) {
  const size_t hidden = shape.hidden, stride = GateUpStride(hidden), block = kHiddenBlock * team.size;
  const Range columns = team.Share(shape.width, kPanelAlignment);
  LinearForward(b.x, shape.width, shape.rows, weights.gate_up, b.gate_up, stride, team);
  team.Meet();
  for (size_t begin = 0; begin < hidden; begin += block) {
    const size_t n = std::min(block, hidden - begin);
    const Range units = team.Share(n, kPanelAlignment);
    const float* gate = b.gate_up + begin + units.begin;
    if (begin != 0) team.Meet();  // all have read the block before
    SwiGlu(gate, gate + hidden, stride, shape.rows, units.size(), b.scratch + units.begin, n);
    team.Meet();
    if (columns.size() == 0) continue;
    const Panels down = weights.down.SliceDepth(begin, begin + n).SliceColumns(columns.begin, columns.end);
    Gemm(shape.rows, {.data = b.scratch, .row_stride = n}, down, b.y + columns.begin, shape.width,
         begin == 0 ? GemmInto::kOverwrite : GemmInto::kAdd);
  }
}

// Forward was h = silu(g) * u with (g, u) = x Wgu^T, and y = h Wd^T.
void FeedForwardBackward(const FeedForwardShape& shape, const FeedForwardWeights& weights,
                         const FeedForwardGrids& grids, const FeedForwardGradients& b, GradientSink& sink) {
  const size_t rows = shape.rows, width = shape.width, hidden = shape.hidden, stride = GateUpStride(hidden);
  float* h_panels = b.scratch + FeedForwardScratch(rows);
  const Panels input =
      PackRows(b.x, width, rows, width, h_panels + InputPanelsSize(rows, kHiddenBlock), sink.precision);
  for (size_t begin = 0; begin < hidden; begin += kHiddenBlock) {
    const size_t n = std::min(kHiddenBlock, hidden - begin), end = begin + n;
    float* gate = b.gate_up + begin;
    float* up = b.gate_up + hidden + begin;
    // d_h = d_y Wd; then (g, u) become (d_g, d_u), and the scratch, which held d_h, holds h again.
    LinearBackward(b.d_y, width, rows, weights.down.SliceColumns(begin, end), b.scratch, n, GemmInto::kOverwrite);
    SwiGluBackward(b.scratch, n, gate, up, stride, rows, n);
    // d_Wd = d_y^T h; d_Wg = d_g^T x; d_Wu = d_u^T x.
    const Panels h = PackRows(b.scratch, n, rows, n, h_panels, sink.precision);
    LinearWeightGradient(b.d_y, width, h, grids.down, {0, width, begin, end}, sink);
    LinearWeightGradient(gate, stride, input, grids.gate, {begin, end, 0, width}, sink);
    LinearWeightGradient(up, stride, input, grids.up, {begin, end, 0, width}, sink);
  }
  // d_x = (d_g, d_u) Wgu: one product over the whole depth 2F, gate rows, then up rows.
  LinearBackward(b.gate_up, stride, rows, weights.gate_up, b.d_x, width, GemmInto::kOverwrite);
}

}  // namespace cllm
