#pragma once

#include <cstddef>
#include <cstdint>

// Gradients as exact integers, whose sum is the same in any order.
namespace cllm {

// One least significant bit of an accumulator is 2^-40.
inline constexpr int kFixedPointBits = 40;
// Largest magnitude an item may add to one accumulator: |g| * 2^40 < 2^51.
inline constexpr double kFixedPointLimit = 0x1p11;

// accumulator[i] += round_to_nearest_even(gradient[i] * scale * 2^40), exactly the same on every target. The product
// gradient * scale is rounded once to float first.
// Returns false, with the accumulator unusable, if any scaled value is NaN or not below kFixedPointLimit.
[[nodiscard]] bool AccumulateFixed(int64_t* accumulator, const float* gradient, float scale, size_t n);

// accumulator[i] += other[i]; other[i] = 0. Reduction over cache domains.
void ReduceFixed(int64_t* accumulator, int64_t* other, size_t n);

// gradient[i] = accumulator[i] * 2^-40, rounded once to float.
void FixedToFloat(const int64_t* accumulator, float* gradient, size_t n);
void ZeroFixed(int64_t* accumulator, size_t n);

}  // namespace cllm
