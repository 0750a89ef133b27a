#pragma once

#include <cstddef>

#include "base/aligned_buffer.h"

namespace cllm {

// cos and sin of position * base^(-j / (head_dim / 2)), [positions, head_dim / 2] each (Su et al. 2021).
// Computed in double, rounded to float. Immutable.
class RopeTable {
 public:
  RopeTable(size_t positions, size_t head_dim, double base);
  // Bytes of a table, before anything is allocated.
  static size_t Bytes(size_t positions, size_t head_dim);
  const float* cosines() const { return cosines_.data(); }
  const float* sines() const { return sines_.data(); }

 private:
  AlignedBuffer<float> cosines_, sines_;
};

}  // namespace cllm
