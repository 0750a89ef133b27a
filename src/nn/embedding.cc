#include "nn/embedding.h"

#include <cstring>

#include "base/system.h"

namespace cllm {

void EmbeddingForward(std::span<const uint32_t> tokens, const float* embedding, size_t width, float* x) {
  for (size_t t = 0; t < tokens.size(); ++t) {
    std::memcpy(x + t * width, embedding + tokens[t] * width, width * sizeof(float));
  }
}

void EmbeddingBackward(std::span<const uint32_t> tokens, const float* d_x, size_t width, size_t grid,
                       GradientSink& sink) {
  const double begin = MonotonicSeconds();
  for (size_t t = 0; t < tokens.size() && sink.in_range; ++t) {
    if (sink.accumulator->AddRow(grid, tokens[t], d_x + t * width, sink.scale)) continue;
    sink.in_range = false;
    sink.bad_grid = grid;
  }
  sink.seconds += MonotonicSeconds() - begin;
}

}  // namespace cllm
