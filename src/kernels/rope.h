#pragma once

#include <cstddef>

namespace cllm {

// RoPE (Su et al. 2021) on adjacent pairs: for each row t and each head of head_dim columns, pair (2j, 2j+1) is rotated
// by the angle of position first_position + t: (a, b) becomes (fma(-b, sine, a cosine), fma(a, sine, b cosine)).
// x [rows, heads * head_dim] with a row stride in floats; cosines, sines: [positions, head_dim / 2] tables.
void Rope(float* x, size_t x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
          const float* cosines, const float* sines);
// The inverse rotation: the gradient.
void RopeBackward(float* d_x, size_t d_x_stride, size_t rows, size_t heads, size_t head_dim, size_t first_position,
                  const float* cosines, const float* sines);

}  // namespace cllm
