#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/dropout.cc"
#include "hwy/foreach_target.h"

#include "base/check.h"
#include "base/random.h"
#include "kernels/access-inl.h"
#include "kernels/dropout.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// a * b mod 2^64.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V MultiplyLow(D d, V a, uint64_t b) {
#if HWY_TARGET == HWY_AVX3
  return hn::Mul(a, hn::Set(d, b));
#else
  // Of 32-bit products: those of the even halves are full, the crossed ones only matter in their low half.
  const auto low = hn::Set(d, b);
  const auto high = hn::Set(d, b >> 32);
  const hn::Repartition<uint32_t, D> d32;
  const auto multiply = [=](V x, V y) HWY_ATTR { return hn::MulEven(hn::BitCast(d32, x), hn::BitCast(d32, y)); };
  const auto crossed = hn::Add(multiply(hn::ShiftRight<32>(a), low), multiply(a, high));
  return hn::Add(multiply(a, low), hn::ShiftLeft<32>(crossed));
#endif
}

// Mix64 of base/random.h.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V MixLanes(D d, V x) {
  x = hn::Add(x, hn::Set(d, 0x9e3779b97f4a7c15u));
  x = MultiplyLow(d, hn::Xor(x, hn::ShiftRight<30>(x)), 0xbf58476d1ce4e5b9u);
  x = MultiplyLow(d, hn::Xor(x, hn::ShiftRight<27>(x)), 0x94d049bb133111ebu);
  return hn::Xor(x, hn::ShiftRight<31>(x));
}

// x[i] *= factor where the 24 upper random bits of (key, first + i) reach `threshold`, else 0.
void Dropout(float* HWY_RESTRICT x, size_t n, float factor, int32_t threshold, uint64_t key, uint64_t first) {
  const hn::ScalableTag<uint64_t> d64;
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const size_t half = hn::Lanes(d64);
  const auto mixed_key = hn::Set(d64, Mix64(key));
  const auto bits = [=](uint64_t from) HWY_ATTR {
    const auto counter = MultiplyLow(d64, hn::Add(hn::Iota(d64, 0), hn::Set(d64, from)), 0xd1342543de82ef95u);
    return hn::ShiftRight<40>(MixLanes(d64, hn::Xor(mixed_key, counter)));
  };
  const auto kept = hn::Set(df, factor);
  const auto lowest = hn::Set(di, threshold - 1);
  ForEachVector(df, n, [=](size_t i, auto access) HWY_ATTR {
    const auto lower = hn::BitCast(di, bits(first + i));
    const auto upper = hn::BitCast(di, bits(first + i + half));
    const auto keep = hn::RebindMask(df, hn::Gt(hn::ConcatEven(di, upper, lower), lowest));
    const auto v = access.Load(df, x + i);
    access.Store(hn::Mul(v, hn::IfThenElseZero(keep, kept)), df, x + i);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(Dropout);

void Dropout(float* x, size_t n, float rate, uint64_t key, uint64_t first) {
  DCHECK(rate >= 0 && rate < 1);
  // UnitFloat(bits) >= rate, in integers: both sides times 2^24 are exact.
  const float scaled = rate * 0x1p24f;
  int32_t threshold = static_cast<int32_t>(scaled);
  if (static_cast<float>(threshold) < scaled) ++threshold;
  HWY_DYNAMIC_DISPATCH(Dropout)(x, n, 1.0f / (1.0f - rate), threshold, key, first);
}

}  // namespace cllm
#endif  // HWY_ONCE
