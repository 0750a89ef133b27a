#include "kernels/testing/reference.h"

namespace cllm::reference {
namespace {

double Magnitude(double x) { return x < 0 ? -x : x; }

}  // namespace

double Product::Tolerance(size_t i, size_t depth) const {
  // The smallest normal number stands for underflow of tiny products.
  return static_cast<double>(depth + 1) * 0x1p-24 * magnitude[i] + 0x1p-126;
}

Product Gemm(size_t m, size_t n, size_t k, GemmLeft a, const float* b, size_t b_row_stride, size_t b_column_stride,
             const float* c, size_t c_stride) {
  Product product{std::vector<double>(m * n), std::vector<double>(m * n)};
  for (size_t row = 0; row < m; ++row) {
    for (size_t column = 0; column < n; ++column) {
      double sum = c == nullptr ? 0.0 : c[row * c_stride + column];
      double magnitude = Magnitude(sum);
      for (size_t i = 0; i < k; ++i) {
        const double term = static_cast<double>(a.data[row * a.row_stride + i * a.depth_stride]) *
                            static_cast<double>(b[i * b_row_stride + column * b_column_stride]);
        sum += term;
        magnitude += Magnitude(term);
      }
      product.value[row * n + column] = sum;
      product.magnitude[row * n + column] = magnitude;
    }
  }
  return product;
}

}  // namespace cllm::reference
