#pragma once

#include <cstddef>
#include <vector>

#include "kernels/gemm/gemm.h"

// Plain double-precision twins of the kernels: what the tests and benchmarks compare with. Slow on purpose.
namespace cllm::reference {

// A product in double with the sum of |a * b| beside it, from which a tolerance follows: a chain of k fused
// multiply-adds in float errs by at most about k * 2^-24 * magnitude (Higham, Accuracy and Stability, section 3.1).
struct Product {
  std::vector<double> value;      // [m, n]
  std::vector<double> magnitude;  // [m, n]
  // The largest error that the float chain of `depth` terms may have at element i.
  double Tolerance(size_t i, size_t depth) const;
};

// C[m, n] = c + A[m, k] * B[k, n]; B(k, n) = b[k * b_row_stride + n * b_column_stride]; `c` (stride c_stride) may be
// null for zero.
Product Gemm(size_t m, size_t n, size_t k, GemmLeft a, const float* b, size_t b_row_stride, size_t b_column_stride,
             const float* c, size_t c_stride);

}  // namespace cllm::reference
