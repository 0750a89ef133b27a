#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cc"
#include "hwy/foreach_target.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "kernels/access-inl.h"
#include "kernels/softmax.h"
#include "math/vector-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

HWY_INLINE float ScaledMaximum(const float* HWY_RESTRICT x, size_t n, size_t padded, float scale) {
  const RowTag d;
  const auto factor = hn::Set(d, scale);
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto best = lowest;
  ForEachVector(d, n, padded, [&](size_t i, auto access) HWY_ATTR {
    best = hn::Max(best, access.Pad(d, hn::Mul(access.Load(d, x + i), factor), lowest));
  });
  return hn::GetLane(hn::MaxOfLanes(d, best)) + 0.0f;  // one zero on every target
}

float SoftmaxRow(float* HWY_RESTRICT x, size_t n, size_t padded, float scale) {
  const float maximum = ScaledMaximum(x, n, padded, scale);
  const RowTag d;
  const auto factor = hn::Set(d, scale);
  const auto highest = hn::Set(d, maximum);
  LaneSum<float> sum;
  ForEachVectorOfBlock(d, n, padded, [&](size_t i, size_t k, auto access) HWY_ATTR {
    const auto e = Exp(d, hn::Sub(hn::Mul(access.Load(d, x + i), factor), highest));
    access.Store(e, d, x + i);
    sum.Add(k, access.Pad(d, e, hn::Zero(d)));
  });
  const float total = sum.Total();
  const auto inverse = hn::Set(d, 1.0f / total);
  ForEachVector(d, n, padded, [=](size_t i, auto access) HWY_ATTR {
    access.Store(hn::Mul(access.Load(d, x + i), inverse), d, x + i);
  });
  std::fill(x + n, x + padded, 0.0f);
  const hn::CappedTag<float, 1> d1;
  return maximum + hn::GetLane(Log(d1, hn::Set(d1, total)));
}

void SoftmaxRowFromLse(float* HWY_RESTRICT x, size_t n, size_t padded, float scale, float lse) {
  const RowTag d;
  const auto factor = hn::Set(d, scale);
  const auto shift = hn::Set(d, lse);
  ForEachVector(d, n, padded, [=](size_t i, auto access) HWY_ATTR {
    access.Store(Exp(d, hn::Sub(hn::Mul(access.Load(d, x + i), factor), shift)), d, x + i);
  });
  std::fill(x + n, x + padded, 0.0f);
}

void SoftmaxRowBackward(const float* HWY_RESTRICT p, float* HWY_RESTRICT d_p, size_t n, size_t padded, float scale,
                        float delta) {
  const RowTag d;
  const auto factor = hn::Set(d, scale);
  const auto mean = hn::Set(d, delta);
  ForEachVector(d, n, padded, [=](size_t i, auto access) HWY_ATTR {
    const auto centred = hn::Sub(access.Load(d, d_p + i), mean);
    access.Store(hn::Mul(hn::Mul(access.Load(d, p + i), centred), factor), d, d_p + i);
  });
  std::fill(d_p + n, d_p + padded, 0.0f);
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(SoftmaxRow);
HWY_EXPORT(SoftmaxRowFromLse);
HWY_EXPORT(SoftmaxRowBackward);

float SoftmaxRow(float* x, size_t n, size_t padded, float scale) {
  DCHECK(n >= 1 && n <= padded);
  return HWY_DYNAMIC_DISPATCH(SoftmaxRow)(x, n, padded, scale);
}
void SoftmaxRowFromLse(float* x, size_t n, size_t padded, float scale, float lse) {
  DCHECK(n <= padded);
  HWY_DYNAMIC_DISPATCH(SoftmaxRowFromLse)(x, n, padded, scale, lse);
}
void SoftmaxRowBackward(const float* p, float* d_p, size_t n, size_t padded, float scale, float delta) {
  DCHECK(n <= padded);
  HWY_DYNAMIC_DISPATCH(SoftmaxRowBackward)(p, d_p, n, padded, scale, delta);
}

}  // namespace cllm
#endif  // HWY_ONCE
