#include "nn/newton_schulz.h"

#include <algorithm>

#include "kernels/gemm.h"
#include "kernels/rows.h"
#include "math/scalar.h"

namespace cllm {
namespace {

constexpr int kIterations = 5;
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;

size_t Lines(size_t floats) { return (floats + 15) / 16 * 16; }

// to[c][r] = from[r][c], in blocks that stay in the cache.
void Transpose(const float* from, size_t rows, size_t columns, float* to) {
  constexpr size_t kBlock = 16;
  for (size_t r0 = 0; r0 < rows; r0 += kBlock) {
    for (size_t c0 = 0; c0 < columns; c0 += kBlock) {
      for (size_t r = r0; r < std::min(rows, r0 + kBlock); ++r) {
        for (size_t c = c0; c < std::min(columns, c0 + kBlock); ++c) to[c * rows + r] = from[r * columns + c];
      }
    }
  }
}

// One iteration on x [m, n], m <= n; the result is in x.
void Iterate(float* x, size_t m, size_t n, float* next, float* gram, float* polynomial, float* panels) {
  Gemm(m, {.data = x, .row_stride = n}, PackColumns(x, n, n, m, panels), gram, m, GemmInto::kOverwrite);
  Gemm(m, {.data = gram, .row_stride = m}, PackRows(gram, m, m, m, panels), polynomial, m, GemmInto::kOverwrite);
  Scale(polynomial, kC, m * m);
  MultiplyAdd(polynomial, kB, gram, m * m);
  Gemm(m, {.data = polynomial, .row_stride = m}, PackRows(x, n, m, n, panels), next, n, GemmInto::kOverwrite);
  Scale(x, kA, m * n);
  AddTo(x, next, m * n);
}

}  // namespace

size_t NewtonSchulzScratch(size_t rows, size_t columns) {
  const size_t m = std::min(rows, columns), n = std::max(rows, columns);
  const size_t panels = std::max({PackedSize(n, m), PackedSize(m, n), PackedSize(m, m)});
  return 2 * Lines(m * n) + 2 * Lines(m * m) + panels;
}

void NewtonSchulz(float* d, size_t rows, size_t columns, float* scratch) {
  const size_t m = std::min(rows, columns), n = std::max(rows, columns);
  float* transposed = scratch;
  float* next = transposed + Lines(m * n);
  float* gram = next + Lines(m * n);
  float* polynomial = gram + Lines(m * m);
  float* panels = polynomial + Lines(m * m);
  Scale(d, 1.0f / (math::Sqrt(SumSquares(d, rows * columns)) + 1e-7f), rows * columns);
  float* x = d;
  if (rows > columns) {
    Transpose(d, rows, columns, transposed);
    x = transposed;
  }
  for (int i = 0; i < kIterations; ++i) Iterate(x, m, n, next, gram, polynomial, panels);
  if (rows > columns) Transpose(x, columns, rows, d);
}

}  // namespace cllm
