#pragma once

#include <cstddef>

// Reductions of a row of n floats. Sums use 16 virtual lanes (element i goes to lane i % 16, in order of i, by fused
// multiply-add where a product is summed) and one fixed tree (lanes i and i+8, then +4, +2, +1), on every target.
namespace cllm {

float Sum(const float* x, size_t n);
float Dot(const float* x, const float* y, size_t n);
float SumSquares(const float* x, size_t n);
// In double: one chunk of the gradient norm.
double SumSquaresDouble(const float* x, size_t n);
float MaxValue(const float* x, size_t n);  // -inf for n = 0, +0 for -0; NaN are skipped or returned
bool AllFinite(const float* x, size_t n);

}  // namespace cllm
