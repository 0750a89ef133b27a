#pragma once

#include <cstddef>
#include <cstdint>

// Gradients as exact integers, whose sum is the same in any order.
namespace cllm {

// One least significant bit of an accumulator is 2^-40.
inline constexpr int kFixedPointBits = 40;
// No magnitude that is added may reach this: |g| * 2^40 < 2^51, the range of the conversion.
inline constexpr float kFixedPointLimit = 0x1p11f;

// The limit where an accumulator gets up to `most` numbers: of 4,096 and fewer kFixedPointLimit, of more so much less
// that no order of additions can wrap.
constexpr float FixedPointLimit(uint64_t most) {
  float limit = kFixedPointLimit;
  for (uint64_t numbers = 4096; numbers < most && numbers != 0; numbers *= 2) limit /= 2;
  return limit;
}

// What gradients are multiplied by on their way into an accumulator, and what the product must stay below.
struct FixedScale {
  // REQUIRES: 0 < below <= kFixedPointLimit.
  constexpr FixedScale(float by, float below = kFixedPointLimit) : factor(by), limit(below) {}
  float factor, limit;
};

// accumulator[i] += round_to_nearest_even(gradient[i] * scale.factor * 2^40), exactly the same on every target. The
// product gradient * scale.factor is rounded once to float first. Returns false, with the accumulator unusable, if any
// scaled value is NaN or its magnitude not below scale.limit.
[[nodiscard]] bool AccumulateFixed(int64_t* accumulator, const float* gradient, FixedScale scale, size_t n);

// accumulator[i] += other[i]; other[i] = 0. Reduction over cache domains.
void ReduceFixed(int64_t* accumulator, int64_t* other, size_t n);

// gradient[i] = accumulator[i] * 2^-40, rounded once to float.
void FixedToFloat(const int64_t* accumulator, float* gradient, size_t n);
void ZeroFixed(int64_t* accumulator, size_t n);

}  // namespace cllm
