#include "kernels/fixed_point.h"

#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/fixed_point.cc"
#include "hwy/foreach_target.h"

#include "kernels/access-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// 1.5 * 2^52: a double x with |x| < 2^51 added to it is rounded to an integer, nearest even, whose two's complement is
// the difference of the bit patterns.
constexpr double kRoundingBias = 0x1.8p52;
constexpr int64_t kRoundingBiasBits = 0x4338000000000000;

// One vector of scaled gradients added to the accumulator as integers in units of 2^-40. The product with 2^40 is
// exact in double, so only the addition of the bias rounds.
template <class DF, class VF, class Access>
HWY_INLINE void AddRounded(DF /*df*/, VF scaled, int64_t* accumulator, Access access) {
  const hn::Rebind<double, DF> dd;
  const hn::RebindToSigned<decltype(dd)> di;
  const auto biased = hn::MulAdd(hn::PromoteTo(dd, scaled), hn::Set(dd, 0x1p40), hn::Set(dd, kRoundingBias));
  const auto integer = hn::Sub(hn::BitCast(di, biased), hn::Set(di, kRoundingBiasBits));
  access.Store(hn::Add(access.Load(di, accumulator), integer), di, accumulator);
}

// How many integers ahead an accumulator's lines are fetched, for writing at once: where another core wrote them last,
// a read and then a write would ask that core twice.
constexpr size_t kFetchAhead = 512;
constexpr size_t kLineIntegers = 8;

bool AccumulateFixed(int64_t* HWY_RESTRICT accumulator, const float* HWY_RESTRICT gradient, FixedScale scale,
                     size_t n) {
  const RowTag d;
  const hn::RebindToSigned<RowTag> di;
  const hn::Half<RowTag> dh;
  const size_t half = hn::Lanes(dh);
  const auto factor = hn::Set(d, scale.factor);
  const auto magnitude_bits = hn::Set(di, 0x7fffffff);
  auto worst = hn::Zero(di);
  size_t i = 0;
  for (; i + 2 * half <= n; i += 2 * half) {
    for (size_t line = 0; line < 2 * half; line += kLineIntegers) {
      __builtin_prefetch(accumulator + i + kFetchAhead + line, 1, 3);
    }
    const auto scaled = hn::Mul(hn::LoadU(d, gradient + i), factor);
    worst = hn::Max(worst, hn::And(hn::BitCast(di, scaled), magnitude_bits));
    AddRounded(dh, hn::LowerHalf(dh, scaled), accumulator + i, WholeVector());
    AddRounded(dh, hn::UpperHalf(dh, scaled), accumulator + i + half, WholeVector());
  }
  for (; i < n; i += half) {
    const PartVector part{n - i < half ? n - i : half};
    const auto scaled = hn::Mul(part.Load(dh, gradient + i), hn::LowerHalf(dh, factor));
    const auto bits = hn::And(hn::BitCast(hn::RebindToSigned<decltype(dh)>(), scaled), hn::LowerHalf(magnitude_bits));
    worst = hn::Max(worst, hn::ZeroExtendVector(di, bits));
    AddRounded(dh, scaled, accumulator + i, part);
  }
  // For magnitudes, order as integers is order as floats, with infinity and NaN above.
  return hn::AllTrue(di, hn::Lt(worst, hn::Set(di, std::bit_cast<int32_t>(scale.limit))));
}

void ReduceFixed(int64_t* HWY_RESTRICT accumulator, int64_t* HWY_RESTRICT other, size_t n) {
  const hn::ScalableTag<int64_t> d;
  ForEachVector(d, n, [=](size_t i, auto access) HWY_ATTR {
    const auto sum = hn::Add(access.Load(d, accumulator + i), access.Load(d, other + i));
    access.Store(sum, d, accumulator + i);
    access.Store(hn::Zero(d), d, other + i);
  });
}

void FixedToFloat(const int64_t* HWY_RESTRICT accumulator, float* HWY_RESTRICT gradient, size_t n) {
  const hn::ScalableTag<int64_t> di;
  const hn::RebindToFloat<decltype(di)> dd;
  const hn::Rebind<float, decltype(di)> df;
  const auto low_bits = hn::Set(di, 0x7ff);
  const auto exact_in_double = hn::Set(di, int64_t{1} << 53);
  ForEachVector(di, n, [=](size_t i, auto access) HWY_ATTR {
    const auto x = access.Load(di, accumulator + i);
    // From 2^53 on the way over double would round twice; there the lowest 11 bits, far below the float's last, are
    // first gathered into one sticky bit, and the remaining 53 convert exactly.
    const auto low = hn::And(x, low_bits);
    const auto sticky = hn::And(hn::Add(low, low_bits), hn::Set(di, 0x800));
    const auto gathered = hn::Or(hn::Sub(x, low), sticky);
    const auto is_large = hn::Or(hn::Gt(x, exact_in_double), hn::Lt(x, hn::Neg(exact_in_double)));
    const auto exact = hn::ConvertTo(dd, hn::IfThenElse(is_large, gathered, x));
    access.Store(hn::Mul(hn::DemoteTo(df, exact), hn::Set(df, 0x1p-40f)), df, gradient + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(AccumulateFixed);
HWY_EXPORT(ReduceFixed);
HWY_EXPORT(FixedToFloat);

bool AccumulateFixed(int64_t* accumulator, const float* gradient, FixedScale scale, size_t n) {
  return HWY_DYNAMIC_DISPATCH(AccumulateFixed)(accumulator, gradient, scale, n);
}
void ReduceFixed(int64_t* accumulator, int64_t* other, size_t n) {
  HWY_DYNAMIC_DISPATCH(ReduceFixed)(accumulator, other, n);
}
void FixedToFloat(const int64_t* accumulator, float* gradient, size_t n) {
  HWY_DYNAMIC_DISPATCH(FixedToFloat)(accumulator, gradient, n);
}
void ZeroFixed(int64_t* accumulator, size_t n) { std::memset(accumulator, 0, n * sizeof(accumulator[0])); }

}  // namespace cllm
#endif  // HWY_ONCE
