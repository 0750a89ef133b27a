#pragma once

#include <cstddef>

// Updates of n floats, element by element.
namespace cllm {

void AddTo(float* y, const float* x, size_t n);                 // y += x
void Scale(float* x, float factor, size_t n);                   // x *= factor
void MultiplyAdd(float* y, float a, const float* x, size_t n);  // y = fma(a, x, y)

}  // namespace cllm
