#include "model/context.h"

#include <algorithm>

#include "base/lines.h"
#include "nn/attention.h"
#include "nn/feed_forward.h"
#include "nn/loss.h"

namespace cllm {
size_t TrainingContext::BlockFloats(const ModelConfig& c, size_t positions) {
  return std::max({FeedForwardBackwardScratch(positions, c.width),
                   LossBackwardScratch(c.vocabulary, c.width, positions), InputPanelsSize(positions, c.width),
                   AttentionForwardScratch(c.context, c.head_dim()),
                   AttentionBackwardScratch(c.context, c.head_dim())});
}

size_t TrainingContext::Floats(const ModelConfig& c, size_t sequences) {
  const size_t n = sequences * c.context;
  const size_t layer = 3 * WholeLines(n * c.width) + WholeLines(n * 3 * c.width) +
                       WholeLines(n * GateUpStride(c.hidden)) + 2 * WholeLines(n) + WholeLines(n * c.heads);
  return c.layers * layer + 5 * WholeLines(n * c.width) + WholeLines(n) + WholeLines(c.width) +
         WholeLines(BlockFloats(c, n)) + kTileFloats;
}

size_t TrainingContext::Bytes(const ModelConfig& c, size_t sequences) {
  const size_t tokens = c.context + 1 + 2 * sequences * c.context;
  return Floats(c, sequences) * sizeof(float) + tokens * sizeof(uint32_t);
}

float* TrainingContext::Take(size_t floats) {
  float* start = buffer_.data() + taken_;
  taken_ += WholeLines(floats);
  CHECK(taken_ <= buffer_.size());
  return start;
}

TrainingContext::TrainingContext(const ModelConfig& config, size_t sequences)
    : window(config.context + 1),
      inputs(sequences * config.context),
      targets(sequences * config.context),
      config_(config),
      sequences_(sequences),
      buffer_(Floats(config, sequences)) {
  const size_t n = sequences * config.context, width = config.width;
  for (size_t i = 0; i < config.layers; ++i) {
    layers.push_back({.residual_in = Take(n * width),
                      .qkv = Take(n * 3 * width),
                      .attention = Take(n * width),
                      .log_sum_exp = Take(n * config.heads),
                      .residual_mid = Take(n * width),
                      .gate_up = Take(n * GateUpStride(config.hidden)),
                      .inverse_rms_attention = Take(n),
                      .inverse_rms_ffn = Take(n)});
  }
  residual_out = Take(n * width);
  inverse_rms_final = Take(n);
  normed = Take(n * width);
  branch = Take(n * width);
  d_residual = Take(n * width);
  d_normed = Take(n * width);
  d_norm_weight = Take(width);
  block = Take(BlockFloats(config, n));
  tile = Take(kTileFloats);
}

}  // namespace cllm
