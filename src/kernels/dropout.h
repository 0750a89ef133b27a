#pragma once

#include <cstddef>
#include <cstdint>

namespace cllm {

// Multiplies x[i] by 0 or 1/(1-rate) by the random bits of (key, first + i): dropout and its own backward.
void Dropout(float* x, size_t n, float rate, uint64_t key, uint64_t first);

}  // namespace cllm
