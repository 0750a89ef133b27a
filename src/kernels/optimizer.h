#pragma once

#include <cstddef>

// Updates of weights, one chunk at a time. Gradients are multiplied by gradient_scale, which clips, on the way.
namespace cllm {

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
