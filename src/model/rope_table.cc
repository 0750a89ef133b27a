#include "model/rope_table.h"

#include <algorithm>

#include "base/cache_line.h"
#include "math/scalar.h"

namespace cllm {
namespace {

constexpr double kTurn = 6.283185307179586476925;  // 2 pi

// Of pair j, in radians a position.
double PlainFrequency(const ModelShape& shape, size_t j) {
  const size_t half = shape.head_dim / 2;
  return math::Exp(-math::Log(shape.rope_base) * static_cast<double>(j) / static_cast<double>(half));
}

}  // namespace

std::vector<double> RopeDivisors(const ModelShape& shape) {
  std::vector<double> divisors(shape.head_dim / 2, 1.0);
  if (shape.rope_factor == 1) return divisors;
  for (size_t j = 0; j < divisors.size(); ++j) {
    const double turns = PlainFrequency(shape, j) * static_cast<double>(shape.rope_original) / kTurn;
    const double kept = std::clamp((turns - shape.rope_low) / (shape.rope_high - shape.rope_low), 0.0, 1.0);
    divisors[j] = 1 / ((1 - kept) / shape.rope_factor + kept);
  }
  return divisors;
}

RopeTable::RopeTable(const ModelShape& shape)
    : cosines_(shape.context * shape.head_dim / 2), sines_(shape.context * shape.head_dim / 2) {
  const size_t half = shape.head_dim / 2;
  const std::vector<double> divisors = RopeDivisors(shape);
  for (size_t j = 0; j < half; ++j) {
    const double frequency = PlainFrequency(shape, j) / divisors[j];
    for (size_t t = 0; t < shape.context; ++t) {
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
