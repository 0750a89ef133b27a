#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "nn/linear.h"

namespace cllm {

// x[t] = embedding[tokens[t]]; embedding [V, C], x [T, C].
void EmbeddingForward(std::span<const uint32_t> tokens, const float* embedding, size_t width, float* x);

// Adds d_x[t] to the gradient of row tokens[t]: exact, so the order of positions does not matter.
void EmbeddingBackward(std::span<const uint32_t> tokens, const float* d_x, size_t width, size_t grid,
                       GradientSink& sink);

}  // namespace cllm
