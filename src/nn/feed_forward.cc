#include "nn/feed_forward.h"

#include <algorithm>

#include "kernels/swiglu.h"

namespace cllm {

void FeedForward(const FeedForwardShape& shape, const float* x, const FeedForwardWeights& weights, float* gate_up,
                 float* y, float* scratch, const Team& team) {
  const size_t hidden = shape.hidden, stride = GateUpStride(hidden), block = kHiddenBlock * team.size;
  const Range columns = team.Share(shape.width, kPanelAlignment);
  LinearForward(x, shape.width, shape.rows, weights.gate_up, gate_up, stride, team);
  team.Meet();
  for (size_t begin = 0; begin < hidden; begin += block) {
    const size_t n = std::min(block, hidden - begin);
    const Range units = team.Share(n, kPanelAlignment);
    const float* gate = gate_up + begin + units.begin;
    if (begin != 0) team.Meet();  // all have read the block before
    SwiGlu(gate, gate + hidden, stride, shape.rows, units.size(), scratch + units.begin, n);
    team.Meet();
    if (columns.size() == 0) continue;
    const Panels down = weights.down.SliceDepth(begin, begin + n).SliceColumns(columns.begin, columns.end);
    Gemm(shape.rows, {.data = scratch, .row_stride = n}, down, y + columns.begin, shape.width,
         begin == 0 ? GemmInto::kOverwrite : GemmInto::kAdd);
  }
}

void FeedForwardBackward(const FeedForwardShape& shape, const float* d_y, const float* x,
                         const FeedForwardWeights& weights, const FeedForwardGrids& grids, float* gate_up, float* d_x,
                         float* scratch, GradientSink& sink) {
  const size_t rows = shape.rows, width = shape.width, hidden = shape.hidden, stride = GateUpStride(hidden);
  float* block_panels = scratch + FeedForwardScratch(rows);
  const Panels input =
      PackRows(x, width, rows, width, block_panels + InputPanelsSize(rows, kHiddenBlock), sink.precision);
  for (size_t begin = 0; begin < hidden; begin += kHiddenBlock) {
    const size_t n = std::min(kHiddenBlock, hidden - begin), end = begin + n;
    float* gate = gate_up + begin;
    float* up = gate_up + hidden + begin;
    LinearBackward(d_y, width, rows, weights.down.SliceColumns(begin, end), scratch, n, GemmInto::kOverwrite);
    SwiGluBackward(scratch, n, gate, up, stride, rows, n);
    const Panels block = PackRows(scratch, n, rows, n, block_panels, sink.precision);
    LinearWeightGradient(d_y, width, block, grids.down, {0, width, begin, end}, sink);
    LinearWeightGradient(gate, stride, input, grids.gate, {begin, end, 0, width}, sink);
    LinearWeightGradient(up, stride, input, grids.up, {begin, end, 0, width}, sink);
  }
  // One product over the whole depth 2F: gate rows, then up rows.
  LinearBackward(gate_up, stride, rows, weights.gate_up, d_x, width, GemmInto::kOverwrite);
}

}  // namespace cllm
