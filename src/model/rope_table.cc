#include "model/rope_table.h"

#include "base/cache_line.h"
#include "math/scalar.h"

namespace cllm {

RopeTable::RopeTable(size_t positions, size_t head_dim, double base)
    : cosines_(positions * head_dim / 2), sines_(positions * head_dim / 2) {
  const size_t half = head_dim / 2;
  for (size_t j = 0; j < half; ++j) {
    const double frequency = math::Exp(-math::Log(base) * static_cast<double>(j) / static_cast<double>(half));
    for (size_t t = 0; t < positions; ++t) {
      const double angle = static_cast<double>(t) * frequency;
      cosines_[t * half + j] = static_cast<float>(math::Cos(angle));
      sines_[t * half + j] = static_cast<float>(math::Sin(angle));
    }
  }
}

size_t RopeTable::Bytes(size_t positions, size_t head_dim) {
  return 2 * WholeLines(positions * head_dim / 2) * sizeof(float);
}

}  // namespace cllm
