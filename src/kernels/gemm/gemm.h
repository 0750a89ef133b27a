#pragma once

#include <cstddef>

#include "kernels/gemm/panels.h"

// Matrix products with one fixed order: every output element is one chain of fused multiply-adds over increasing k,
// starting at zero or at the value already in C. Tile sizes, vector width, blocking over k (which continues the chain
// from C) and the number of rows therefore never change a bit.
namespace cllm {

// The left operand: A(m, k) = data[m * row_stride + k * depth_stride]; either stride may be 1.
struct GemmLeft {
  const float* data = nullptr;
  size_t row_stride = 0;
  size_t depth_stride = 1;
};

enum class GemmInto { kOverwrite, kAdd };

// C[m, n] (stride c_stride) = or += A[m, k] * B[k, n]; n = b.columns, k = b.depth; in the precision of b's
// format. C may not overlap A or B.
void Gemm(size_t m, GemmLeft a, const Panels& b, float* c, size_t c_stride, GemmInto into);

// The same with B[k, n] row-major and unpacked: B(k, n) = b[k * b_stride + n]. With A contiguous in m this is a block
// of a weight gradient, C = dY^T X; it and Gemm pack such operands part by part in at most 100 KiB of stack. Several
// blocks of one gradient go faster with X packed once by PackRows and Gemm over all of its columns.
void GemmRows(size_t m, size_t n, size_t k, GemmLeft a, const float* b, size_t b_stride, float* c, size_t c_stride,
              GemmInto into, Precision precision = Precision::kFp32);

}  // namespace cllm
