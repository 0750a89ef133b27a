#include "nn/newton_schulz.h"

#include <algorithm>

#include "base/cache_line.h"
#include "kernels/elementwise.h"
#include "kernels/gemm/gemm.h"
#include "kernels/gemm/panels.h"
#include "kernels/reductions.h"
#include "math/scalar.h"

namespace cllm {
namespace {

constexpr int kIterations = 5;
constexpr float kA = 3.4445f, kB = -4.7750f, kC = 2.0315f;

// to[c][r] = from[r][c], in blocks that stay in the cache. Strides in floats.
void Transpose(const float* from, size_t from_stride, size_t rows, size_t columns, float* to, size_t to_stride) {
  constexpr size_t kBlock = 16;
  for (size_t r0 = 0; r0 < rows; r0 += kBlock) {
    for (size_t c0 = 0; c0 < columns; c0 += kBlock) {
      for (size_t r = r0; r < std::min(rows, r0 + kBlock); ++r) {
        for (size_t c = c0; c < std::min(columns, c0 + kBlock); ++c) to[c * to_stride + r] = from[r * from_stride + c];
      }
    }
  }
}

// C [m, m] = A B, where C is symmetric to the bit: the products of an element and of its mirror image are the same, in
// the same order. Blocks on and above the diagonal are computed, the rest is copied.
void SymmetricGemm(size_t m, GemmLeft a, const Panels& b, float* c) {
  constexpr size_t kBlock = kPanelAlignment;  // twice as large ones compute 8 % more and gain less than that
  for (size_t begin = 0; begin < m; begin += kBlock) {
    const size_t rows = std::min(kBlock, m - begin);
    const GemmLeft part = {a.data + begin * a.row_stride, a.row_stride, a.depth_stride};
    Gemm(rows, part, b.SliceColumns(begin, m), c + begin * m + begin, m, GemmInto::kOverwrite);
    const size_t end = begin + rows;
    Transpose(c + begin * m + end, m, rows, m - end, c + end * m + begin, m);
  }
}

// One iteration on x [m, n], m <= n; the result is in x.
void Iterate(float* x, size_t m, size_t n, float* next, float* gram, float* polynomial, float* panels) {
  SymmetricGemm(m, {.data = x, .row_stride = n}, PackColumns(x, n, n, m, panels), gram);
  SymmetricGemm(m, {.data = gram, .row_stride = m}, PackRows(gram, m, m, m, panels), polynomial);
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
  return 2 * WholeLines(m * n) + 2 * WholeLines(m * m) + panels;
}

void NewtonSchulz(float* d, size_t rows, size_t columns, float* scratch) {
  const size_t m = std::min(rows, columns), n = std::max(rows, columns);
  float* transposed = scratch;
  float* next = transposed + WholeLines(m * n);
  float* gram = next + WholeLines(m * n);
  float* polynomial = gram + WholeLines(m * m);
  float* panels = polynomial + WholeLines(m * m);
  Scale(d, 1.0f / (math::Sqrt(SumSquares(d, rows * columns)) + 1e-7f), rows * columns);
  float* x = d;
  if (rows > columns) {
    Transpose(d, columns, rows, columns, transposed, rows);
    x = transposed;
  }
  for (int i = 0; i < kIterations; ++i) Iterate(x, m, n, next, gram, polynomial, panels);
  if (rows > columns) Transpose(x, n, m, n, d, m);
}

}  // namespace cllm
