// Weight updates, one chunk at a time; optimizer.h states the order of operations.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/optimizer.cc"
#include "hwy/foreach_target.h"

#include "kernels/access-inl.h"
#include "kernels/optimizer.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

void AdamWUpdate(const AdamW& options, float* HWY_RESTRICT weight, float* HWY_RESTRICT m, float* HWY_RESTRICT v,
                 const float* HWY_RESTRICT gradient, size_t n) {
  const hn::ScalableTag<float> d;
  const auto scale = hn::Set(d, options.gradient_scale);
  const auto beta1 = hn::Set(d, options.beta1);
  const auto beta2 = hn::Set(d, options.beta2);
  const auto rest1 = hn::Set(d, 1.0f - options.beta1);
  const auto rest2 = hn::Set(d, 1.0f - options.beta2);
  const auto inverse_bias2 = hn::Set(d, 1.0f / options.bias2);
  const auto step = hn::Set(d, options.rate / options.bias1);
  const auto eps = hn::Set(d, options.eps);
  const auto decay = hn::Set(d, options.decay);
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    const auto g = hn::Mul(access.Load(d, gradient + i), scale);
    const auto new_m = hn::MulAdd(beta1, access.Load(d, m + i), hn::Mul(rest1, g));
    const auto new_v = hn::MulAdd(beta2, access.Load(d, v + i), hn::Mul(rest2, hn::Mul(g, g)));
    const auto denominator = hn::Add(hn::Sqrt(hn::Mul(new_v, inverse_bias2)), eps);
    const auto update = hn::Div(hn::Mul(step, new_m), denominator);
    const auto w = access.Load(d, weight + i);
    access.Store(new_m, d, m + i);
    access.Store(new_v, d, v + i);
    access.Store(hn::Sub(hn::NegMulAdd(decay, w, w), update), d, weight + i);
  });
}

void MuonMomentum(float momentum, float gradient_scale, float* HWY_RESTRICT m, const float* gradient, float* direction,
                  size_t n) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, momentum);
  const auto scale = hn::Set(d, gradient_scale);
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    const auto g = hn::Mul(access.Load(d, gradient + i), scale);
    const auto new_m = hn::MulAdd(factor, access.Load(d, m + i), g);
    access.Store(new_m, d, m + i);
    access.Store(hn::MulAdd(factor, new_m, g), d, direction + i);
  });
}

void MuonApply(float rate, float decay, float* HWY_RESTRICT weight, const float* HWY_RESTRICT direction, size_t n) {
  const hn::ScalableTag<float> d;
  const auto keep = hn::Set(d, 1.0f - decay);
  const auto step = hn::Set(d, rate);
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    const auto kept = hn::Mul(access.Load(d, weight + i), keep);
    access.Store(hn::NegMulAdd(step, access.Load(d, direction + i), kept), d, weight + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(AdamWUpdate);
HWY_EXPORT(MuonMomentum);
HWY_EXPORT(MuonApply);

void AdamWUpdate(const AdamW& options, float* weight, float* m, float* v, const float* gradient, size_t n) {
  HWY_DYNAMIC_DISPATCH(AdamWUpdate)(options, weight, m, v, gradient, n);
}
void MuonMomentum(float momentum, float gradient_scale, float* m, const float* gradient, float* direction, size_t n) {
  HWY_DYNAMIC_DISPATCH(MuonMomentum)(momentum, gradient_scale, m, gradient, direction, n);
}
void MuonApply(float rate, float decay, float* weight, const float* direction, size_t n) {
  HWY_DYNAMIC_DISPATCH(MuonApply)(rate, decay, weight, direction, n);
}

}  // namespace cllm
#endif  // HWY_ONCE
