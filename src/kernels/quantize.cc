#include "kernels/quantize.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "math/scalar.h"

namespace cllm {

float RoundToHalf(float x) {
  constexpr float kLeastNormal = 0x1p-14f, kLargest = 65504.0f;
  // Below, halves are multiples of 2^-24, as floats in [0.5, 1) are.
  if (x < kLeastNormal) return (x + 0.5f) - 0.5f;
  const uint32_t bits = std::bit_cast<uint32_t>(x), last = bits >> 13 & 1u;
  return std::min(std::bit_cast<float>((bits + 0xfffu + last) & ~0x1fffu), kLargest);
}

float QuantizeQ8(const float* x, size_t n, int8_t* values) {
  float largest = 0;
  bool finite = true;
  for (size_t i = 0; i < n; ++i) {
    const float magnitude = math::Abs(x[i]);
    finite = finite && magnitude <= std::numeric_limits<float>::max();
    largest = std::max(largest, magnitude);
  }
  const float step = largest / 127.0f, inverse = 1.0f / step;
  // A step whose inverse overflows is far below the least half: its block is zero.
  const bool zero = !(inverse <= std::numeric_limits<float>::max());
  for (size_t i = 0; i < n; ++i) {
    values[i] = finite && !zero ? static_cast<int8_t>(math::Round(x[i] * inverse)) : int8_t{0};
  }
  if (!finite) return std::numeric_limits<float>::quiet_NaN();
  return RoundToHalf(step);
}

}  // namespace cllm
