#pragma once

#include <cstddef>

// RMSNorm (Zhang, Sennrich 2019): y[t] = x[t] * inverse_rms[t] * weight; inverse_rms = 1/sqrt(mean(x^2) + eps).
// T rows (positions), C columns, row-major with a row stride in floats; sums as in reductions.h.
namespace cllm {

// x, y [T, C]; weight [C]; inverse_rms [T] is written.
void RmsNorm(const float* x, size_t x_stride, const float* weight, size_t rows, size_t columns, float eps, float* y,
             size_t y_stride, float* inverse_rms);
// y = x * inverse_rms * weight with inverse_rms known: recomputation for backward, the same bits as RmsNorm.
void RmsNormApply(const float* x, size_t x_stride, const float* weight, const float* inverse_rms, size_t rows,
                  size_t columns, float* y, size_t y_stride);
// Adds the gradient of x to d_x and of weight to d_weight [C] (chain over rows, in order).
void RmsNormBackward(const float* d_y, size_t d_y_stride, const float* x, size_t x_stride, const float* weight,
                     const float* inverse_rms, size_t rows, size_t columns, float* d_x, size_t d_x_stride,
                     float* d_weight);

}  // namespace cllm
