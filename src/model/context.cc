#include "model/context.h"

#include <algorithm>

#include "base/cache_line.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"
#include "nn/loss.h"

namespace cllm {
size_t TrainingContext::BlockFloats(const ModelShape& c, size_t positions) {
  return std::max({FeedForwardBackwardScratch(positions, c.width),
                   LossBackwardScratch(c.vocabulary, c.width, positions),
                   InputPanelsSize(positions, std::max(c.width, c.query_width())),
                   AttentionForwardScratch(c.context, c.head_dim), AttentionBackwardScratch(c.context, c.head_dim)});
}

size_t TrainingContext::Floats(const ModelShape& c, size_t sequences) {
  const size_t n = sequences * c.context;
  const size_t layer = 2 * WholeLines(n * c.width) + WholeLines(n * c.qkv_width()) + WholeLines(n * c.query_width()) +
                       WholeLines(n * GateUpStride(c.hidden)) + 2 * WholeLines(n) + WholeLines(n * c.heads);
  return c.layers * layer + 4 * WholeLines(n * c.width) + WholeLines(n * std::max(c.width, c.query_width())) +
         WholeLines(n) + WholeLines(c.width) + WholeLines(BlockFloats(c, n)) + kTileFloats;
}

size_t TrainingContext::Bytes(const ModelShape& c, size_t sequences) {
  const size_t tokens = 1 + 2 * sequences * c.context;
  return Floats(c, sequences) * sizeof(float) + tokens * sizeof(uint32_t);
}

float* TrainingContext::Take(size_t floats) {
  float* start = buffer_.data() + taken_;
  taken_ += WholeLines(floats);
  CHECK(taken_ <= buffer_.size());
  return start;
}

TrainingContext::TrainingContext(const ModelShape& shape, size_t sequences)
    : segments(sequences),
      inputs(sequences * shape.context + 1),
      targets(sequences * shape.context),
      shape_(shape),
      sequences_(sequences),
      buffer_(Floats(shape, sequences)) {
  const size_t n = sequences * shape.context, width = shape.width;
  for (size_t i = 0; i < shape.layers; ++i) {
    layers.push_back({.residual_in = Take(n * width),
                      .qkv = Take(n * shape.qkv_width()),
                      .attention = Take(n * shape.query_width()),
                      .log_sum_exp = Take(n * shape.heads),
                      .residual_mid = Take(n * width),
                      .gate_up = Take(n * GateUpStride(shape.hidden)),
                      .inverse_rms_attention = Take(n),
                      .inverse_rms_ffn = Take(n)});
  }
  residual_out = Take(n * width);
  inverse_rms_final = Take(n);
  normed = Take(n * width);
  branch = Take(n * width);
  d_residual = Take(n * width);
  d_normed = Take(n * std::max(width, shape.query_width()));
  d_norm_weight = Take(width);
  block = Take(BlockFloats(shape, n));
  tile = Take(kTileFloats);
}

}  // namespace cllm
