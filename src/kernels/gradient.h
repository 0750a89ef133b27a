#pragma once

#include <cstddef>
#include <cstdint>

// The gradient's way from float tiles through exact integers to the optimizer.
namespace cllm {

// One least significant bit of an accumulator is 2^-40.
inline constexpr int kFixedPointBits = 40;
// Largest magnitude an item may add to one accumulator: |g| * 2^40 < 2^51.
inline constexpr double kFixedPointLimit = 0x1p11;

// accumulator[i] += round_to_nearest_even(gradient[i] * scale * 2^40), exactly the same on every target.
// Returns false, with the accumulator unusable, if any scaled value is NaN or not below kFixedPointLimit.
// scale is a power-of-two-free float; the product gradient * scale is rounded once to float first.
[[nodiscard]] bool AccumulateFixed(int64_t* accumulator, const float* gradient, float scale, size_t n);

// accumulator[i] += other[i]; other[i] = 0. Reduction over cache domains.
void ReduceFixed(int64_t* accumulator, int64_t* other, size_t n);

// gradient[i] = accumulator[i] * 2^-40, rounded once to float.
void FixedToFloat(const int64_t* accumulator, float* gradient, size_t n);
void ZeroFixed(int64_t* accumulator, size_t n);

// Sum of squares in double, 16 virtual lanes and the fixed tree: one chunk of the gradient norm.
double SumSquaresDouble(const float* x, size_t n);

// gradient[i] *= factor when the norm exceeds the clip: Scale (rows.h) is used for it.

// AdamW (Loshchilov, Hutter 2019), one chunk: m, v, weight updated in place.
// bias1 = 1 - beta1^t, bias2 = 1 - beta2^t. With g = gradient * gradient_scale (clipping), in this order:
//   m = fma(beta1, m, (1 - beta1) g); v = fma(beta2, v, (1 - beta2) (g g));
//   update = ((rate / bias1) m) / (sqrt(v (1 / bias2)) + eps); weight = fma(-decay, weight, weight) - update.
struct AdamW {
  float rate, beta1, beta2, eps, decay;  // decay is already multiplied by rate
  float bias1, bias2, gradient_scale;
};
void AdamWUpdate(const AdamW& options, float* weight, float* m, float* v, const float* gradient, size_t n);

// Muon's momentum (Jordan 2024), one chunk: m = momentum * m + g * gradient_scale;
// direction = Nesterov: g * gradient_scale + momentum * m.
// Both sums are fused multiply-adds; direction may be gradient.
void MuonMomentum(float momentum, float gradient_scale, float* m, const float* gradient, float* direction, size_t n);
// weight = fma(-rate, direction, weight * (1 - decay)).
void MuonApply(float rate, float decay, float* weight, const float* direction, size_t n);

}  // namespace cllm
