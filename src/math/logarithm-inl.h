// Logarithms in float and double. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_LOGARITHM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_LOGARITHM_INL_H_
#undef CLLM_MATH_LOGARITHM_INL_H_
#else
#define CLLM_MATH_LOGARITHM_INL_H_
#endif

#include <type_traits>

#include "hwy/base.h"
#include "hwy/highway.h"
#include "math/parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), both exact, for positive finite x; kIsNormal: for normal ones
// only.
template <class V>
struct LogParts {
  V k, f;
};
template <bool kIsNormal, class D, class V = hn::VFromD<D>>
HWY_INLINE LogParts<V> SplitLog(D d, V x) {
  constexpr int kFractionBits = kIsDouble<D> ? 52 : 23;
  const hn::RebindToUnsigned<D> du;
  using Bits = hn::TFromD<decltype(du)>;
  const auto is_small = hn::Lt(x, Constant(d, kIsDouble<D> ? 0x1p-1022 : 0x1p-126));
  const V normal = kIsNormal ? x : hn::IfThenElse(is_small, hn::Mul(x, Constant(d, kIsDouble<D> ? 0x1p54 : 0x1p24)), x);
  const auto low = hn::BitCast(du, Constant(d, 0x1.6a09e6p-1));
  const auto bits = hn::Sub(hn::BitCast(du, normal), low);  // k in the exponent field
  V k;
  if constexpr (kIsDouble<D>) {  // no conversion from 64-bit integers on AVX2: the bits of 2 make the field positive
    const auto biased = hn::ShiftRight<kFractionBits>(hn::Add(bits, hn::BitCast(du, Constant(d, 2.0))));
    k = hn::Sub(hn::BitCast(d, hn::Add(biased, hn::BitCast(du, Shifter(d)))), hn::Add(Shifter(d), Constant(d, 1024.0)));
  } else {
    k = hn::ConvertTo(d, hn::ShiftRight<kFractionBits>(hn::BitCast(hn::RebindToSigned<D>(), bits)));
  }
  const auto fraction = hn::And(bits, hn::Set(du, (Bits{1} << kFractionBits) - 1));
  const V m = hn::BitCast(d, hn::Add(fraction, low));
  const V f = hn::Sub(m, Constant(d, 1.0));
  if constexpr (kIsNormal) return {k, f};
  return {hn::Add(k, hn::IfThenElseZero(is_small, Constant(d, kIsDouble<D> ? -54.0 : -24.0))), f};
}

// result where x is positive and finite; log(+-0) = -inf, log(inf) = inf, log(negative) and log(NaN) NaN.
template <class D, class V>
HWY_INLINE V WithLogSpecials(D d, V x, V result) {
  const auto is_positive = hn::Gt(x, hn::Zero(d));
  const auto is_ordinary = hn::And(is_positive, hn::Lt(x, hn::Inf(d)));
  const V not_positive = hn::IfThenElse(hn::Eq(x, hn::Zero(d)), hn::Neg(hn::Inf(d)), hn::NaN(d));
  return hn::IfThenElse(is_ordinary, result, hn::IfThenElse(is_positive, x, not_positive));
}

// Where x is positive, normal and finite.
template <class D, class V>
HWY_INLINE hn::Mask<D> IsPositiveNormal(D d, V x) {
  // The bits of normal numbers are an interval; moved to the least integers they need one comparison.
  const hn::RebindToSigned<D> di;
  using Bits = hn::TFromD<decltype(di)>;
  const auto least = hn::BitCast(di, Constant(d, kIsDouble<D> ? 0x1p-1022 : 0x1p-126));
  const auto origin = hn::Set(di, hwy::LimitsMin<Bits>());
  const auto moved = hn::Sub(hn::BitCast(di, x), hn::Sub(least, origin));
  const auto end = hn::Add(hn::Sub(hn::BitCast(di, hn::Inf(d)), least), origin);
  return hn::RebindMask(d, hn::Lt(moved, end));
}

// function(d, x, std::true_type) if x is positive, normal and finite in every lane; else the same with std::false_type,
// and the special values after it. Both give the same bits where both may.
template <class D, class V, class Function>
HWY_INLINE V WithLogDomain(D d, V x, Function function) {
  if (HWY_LIKELY(hn::AllTrue(d, IsPositiveNormal(d, x)))) return function(d, x, std::true_type());
  return WithLogSpecials(d, x, function(d, x, std::false_type()));
}

// log(1 + f) = f + f^2 q(f), q minimax by tools/math/minimax.py, relative error 2^-27.8; k ln 2 in two parts, the first
// exact (ln 2 cut to 15 bits).
template <bool kIsNormal, class D, class V = hn::VFromD<D>>
HWY_INLINE V LogFloat(D d, V x) {
  const auto [k, f] = SplitLog<kIsNormal>(d, x);
  const V q = Polynomial(d, f, -0x1.fffff8p-2, 0x1.55555p-2, -0x1.000432p-2, 0x1.99a41ap-3, -0x1.5425c6p-3,
                         0x1.226dfep-3, -0x1.0f3f8cp-3, 0x1.0860b2p-3, -0x1.384784p-4);
  const V tail = hn::MulAdd(hn::Mul(f, f), q, hn::Mul(k, Constant(d, 0x1.7f7d1cp-20)));
  return hn::MulAdd(k, Constant(d, 0x1.62e4p-1), hn::Add(f, tail));
}

// With s = f / (2 + f): log(1 + f) = 2 s + 2 s^3 P(s^2) = f - s (f - 2 s^2 P(s^2)) (Tang 1990; fdlibm), P minimax by
// tools/math/minimax.py, relative error 2^-66.6; k ln 2 in two parts, the first exact (ln 2 cut to 32 bits).
template <bool kIsNormal, class D, class V = hn::VFromD<D>>
HWY_INLINE V LogDouble(D d, V x) {
  const auto [k, f] = SplitLog<kIsNormal>(d, x);
  const V s = hn::Div(f, hn::Add(Constant(d, 2.0), f));
  const V z = hn::Mul(s, s);
  const V p = Polynomial(d, z, 0x1.5555555555555p-2, 0x1.9999999999d0bp-3, 0x1.249249243a196p-3, 0x1.c71c724aa925ep-4,
                         0x1.745ce20364f4ap-4, 0x1.3b201ad2f5451p-4, 0x1.0f6815609a637p-4, 0x1.0f06b943f068cp-4);
  // f - s (f - 2 z p) = f - (f^2 / 2 - s (f^2 / 2 + 2 z p)): the second form loses less.
  const V half_square = hn::Mul(hn::Mul(f, f), Constant(d, 0.5));
  const V twice = hn::Mul(hn::Add(z, z), p);
  const V low = hn::MulAdd(s, hn::Add(half_square, twice), hn::Mul(k, Constant(d, 0x1.a39ef35793c76p-33)));
  const V tail = hn::Sub(f, hn::Sub(half_square, low));
  return hn::MulAdd(k, Constant(d, 0x1.62e42feep-1), tail);
}

// Logarithm to base 2, float, below 1 ulp: log2(1 + f) = f + f g(f), g minimax by tools/math/minimax.py, relative
// error 2^-26.5: f itself is exact, so that g's rounding counts a third. Powers of two are exact.
template <class D, class V>
HWY_INLINE V Log2(D d, V x) {
  return WithLogDomain(d, x, [](D same, V value, auto is_normal) CLLM_INLINE_LAMBDA {
    const auto [k, f] = SplitLog<is_normal()>(same, value);
    const V g = Polynomial(same, f, 0x1.c551dap-2, -0x1.71547p-1, 0x1.ec7034p-2, -0x1.715a9ep-2, 0x1.278ce2p-2,
                           -0x1.eacaeep-3, 0x1.a15f4cp-3, -0x1.8569c6p-3, 0x1.855b9ep-3, -0x1.dcb10ap-4);
    return hn::Add(k, hn::MulAdd(f, g, f));
  });
}

// Natural logarithm; float below 1 ulp, double below 2 ulp.
template <class D, class V>
HWY_INLINE V Log(D d, V x) {
  return WithLogDomain(d, x, [](D same, V value, auto is_normal) CLLM_INLINE_LAMBDA {
    if constexpr (kIsDouble<D>) {
      return LogDouble<is_normal()>(same, value);
    } else {
      return LogFloat<is_normal()>(same, value);
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
