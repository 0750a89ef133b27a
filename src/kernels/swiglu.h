#pragma once

#include <cstddef>

namespace cllm {

// SwiGLU (Shazeer 2020): h = silu(gate) * up, silu(x) = x * sigmoid(x); all [rows, n] with a row stride in floats, one
// for gate and up. gate is finite.
void SwiGlu(const float* gate, const float* up, size_t stride, size_t rows, size_t n, float* h, size_t h_stride);
// In place: gate and up are replaced by their gradients; d_h is replaced by h (which the weight gradient needs), the
// same bits as SwiGlu's.
void SwiGluBackward(float* d_h, size_t d_h_stride, float* gate, float* up, size_t stride, size_t rows, size_t n);

}  // namespace cllm
