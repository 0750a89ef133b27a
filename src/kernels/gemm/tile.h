#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/gemm/gemm.h"

namespace cllm {

// What the register tiles of a block of the product share. An operand's words are floats or, in bf16, pairs of values
// (operand_words-inl.h). B(k, n) of panel p begins at b + p * panel_stride + k * row_stride.
struct TileShape {
  size_t depth;  // words of A for each row
  size_t a_row_stride, a_depth_stride;
  size_t b_row_stride, b_panel_stride;
  size_t c_stride;
  GemmInto into;
  uintptr_t prefetch = 0;           // address of what later tiles read: fetched to the second-level cache, part by part
  size_t prefetch_step = 0;         // floats of it for kUnroll steps down k
  size_t prefetch_second = 0;       // floats from the line that these steps fetch to a second one; 0: there is none
};

// C[rows, one panel] = or += A[rows, depth] * B[depth, one panel].
using TileFunction = void (*)(const TileShape& shape, const float* a, const float* b, float* c);

}  // namespace cllm
