#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cc"
#include "hwy/foreach_target.h"

#include "kernels/access-inl.h"
#include "kernels/elementwise.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

void AddTo(float* y, const float* x, size_t n) {
  const hn::ScalableTag<float> d;
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    access.Store(hn::Add(access.Load(d, y + i), access.Load(d, x + i)), d, y + i);
  });
}

void Scale(float* x, float factor, size_t n) {
  const hn::ScalableTag<float> d;
  const auto by = hn::Set(d, factor);
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    access.Store(hn::Mul(access.Load(d, x + i), by), d, x + i);
  });
}

void MultiplyAdd(float* y, float a, const float* x, size_t n) {
  const hn::ScalableTag<float> d;
  const auto by = hn::Set(d, a);
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    access.Store(hn::MulAdd(by, access.Load(d, x + i), access.Load(d, y + i)), d, y + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(AddTo);
HWY_EXPORT(Scale);
HWY_EXPORT(MultiplyAdd);

void AddTo(float* y, const float* x, size_t n) { HWY_DYNAMIC_DISPATCH(AddTo)(y, x, n); }
void Scale(float* x, float factor, size_t n) { HWY_DYNAMIC_DISPATCH(Scale)(x, factor, n); }
void MultiplyAdd(float* y, float a, const float* x, size_t n) { HWY_DYNAMIC_DISPATCH(MultiplyAdd)(y, a, x, n); }

}  // namespace cllm
#endif  // HWY_ONCE
