#pragma once

#include <cstddef>

namespace cllm {

// Muon's orthogonalisation (Jordan 2024): five Newton-Schulz iterations with the coefficients 3.4445, -4.7750, 2.0315,
// X = D / (|D|_F + 1e-7); A = X X^T; X = a X + (b A + c A A) X, on the transpose if rows > columns.

// Floats of scratch for a matrix [rows, columns].
size_t NewtonSchulzScratch(size_t rows, size_t columns);

// d [rows, columns], row-major and contiguous, is replaced by its orthogonalisation.
void NewtonSchulz(float* d, size_t rows, size_t columns, float* scratch);

}  // namespace cllm
