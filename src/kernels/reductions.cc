#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/reductions.cc"
#include "hwy/foreach_target.h"

#include <limits>

#include "kernels/access-inl.h"
#include "kernels/reductions.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

float Sum(const float* x, size_t n) {
  const RowTag d;
  LaneSum<float> sum;
  ForEachVectorOfBlock(d, n, [&](size_t i, size_t k, auto access) HWY_ATTR {
    sum.Add(k, access.Load(d, x + i));
  });
  return sum.Total();
}

float Dot(const float* x, const float* y, size_t n) {
  const RowTag d;
  LaneSum<float> sum;
  ForEachVectorOfBlock(d, n, [&](size_t i, size_t k, auto access) HWY_ATTR {
    sum.MulAdd(k, access.Load(d, x + i), access.Load(d, y + i));
  });
  return sum.Total();
}

double SumSquaresDouble(const float* x, size_t n) {
  const LaneSum<double>::D dd;
  const hn::Rebind<float, decltype(dd)> df;
  LaneSum<double> sum;
  ForEachVectorOfBlock(dd, n, [&](size_t i, size_t k, auto access) HWY_ATTR {
    const auto v = hn::PromoteTo(dd, access.Load(df, x + i));
    sum.MulAdd(k, v, v);
  });
  return sum.Total();
}

float MaxValue(const float* x, size_t n) {
  const RowTag d;
  const auto lowest = hn::Set(d, -std::numeric_limits<float>::infinity());
  auto best = lowest;
  ForEachVector(d, n, [&](size_t i, auto access) HWY_ATTR {
    best = hn::Max(best, access.Pad(d, access.Load(d, x + i), lowest));
  });
  // Which zero a maximum returns differs between targets: -0 + 0 is 0.
  return hn::GetLane(hn::MaxOfLanes(d, best)) + 0.0f;
}

bool AllFinite(const float* x, size_t n) {
  const hn::ScalableTag<int32_t> d;
  const hn::RebindToFloat<decltype(d)> df;
  const auto magnitude_bits = hn::Set(d, 0x7fffffff);
  auto worst = hn::Zero(d);
  ForEachVector(d, n, [&](size_t i, auto access) HWY_ATTR {
    worst = hn::Max(worst, hn::And(hn::BitCast(d, access.Load(df, x + i)), magnitude_bits));
  });
  return hn::AllTrue(d, hn::Lt(worst, hn::Set(d, 0x7f800000)));
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(Sum);
HWY_EXPORT(Dot);
HWY_EXPORT(SumSquaresDouble);
HWY_EXPORT(MaxValue);
HWY_EXPORT(AllFinite);

float Sum(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(Sum)(x, n); }
float Dot(const float* x, const float* y, size_t n) { return HWY_DYNAMIC_DISPATCH(Dot)(x, y, n); }
float SumSquares(const float* x, size_t n) { return Dot(x, x, n); }
double SumSquaresDouble(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(SumSquaresDouble)(x, n); }
float MaxValue(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(MaxValue)(x, n); }
bool AllFinite(const float* x, size_t n) { return HWY_DYNAMIC_DISPATCH(AllFinite)(x, n); }

}  // namespace cllm
#endif  // HWY_ONCE
