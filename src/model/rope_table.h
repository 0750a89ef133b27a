#pragma once

#include <cstddef>
#include <vector>

#include "base/aligned_buffer.h"
#include "model/shape.h"

namespace cllm {

// What the plain frequency of each pair of a head is divided by, head_dim / 2 numbers: 1 without a rope_factor. With
// one, as Llama 3.1 does it (Grattafiori et al. 2024; transformers, `_compute_llama3_parameters`): a pair that turns
// less than rope_low times in rope_original positions is slowed down by the whole factor, one that turns more than
// rope_high times not at all, and the frequencies of those between go over from the one to the other in proportion to
// their turns.
std::vector<double> RopeDivisors(const ModelShape& shape);

// cos and sin of position * base^(-j / (head_dim / 2)) / divisor j, [context, head_dim / 2] each (Su et al. 2021).
// Computed in double, rounded to float. Immutable.
class RopeTable {
 public:
  explicit RopeTable(const ModelShape& shape);
  // Bytes of a table, before anything is allocated.
  static size_t Bytes(size_t positions, size_t head_dim);
  const float* cosines() const { return cosines_.data(); }
  const float* sines() const { return sines_.data(); }

 private:
  AlignedBuffer<float> cosines_, sines_;
};

}  // namespace cllm
