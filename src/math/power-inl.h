// pow in float and double. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_POWER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_POWER_INL_H_
#undef CLLM_MATH_POWER_INL_H_
#else
#define CLLM_MATH_POWER_INL_H_
#endif

#include "hwy/highway.h"
#include "math/exponential-inl.h"
#include "math/logarithm-inl.h"
#include "math/parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// pow(x, y) of C99 Annex F out of magnitude = |x|^y, which is right for |x| other than 1 and y other than 0.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V WithPowSpecials(D d, V x, V y, V magnitude) {
  const V one = Constant(d, 1.0);
  const V zero = hn::Zero(d);
  const V half_y = hn::Mul(y, Constant(d, 0.5));
  const auto is_whole = hn::Eq(hn::Floor(y), y);  // infinities too
  const auto is_odd = hn::And(is_whole, hn::Not(hn::Eq(hn::Floor(half_y), half_y)));
  const auto has_no_value =
      hn::And(hn::And(hn::Lt(x, zero), hn::Gt(x, hn::Neg(hn::Inf(d)))), hn::And(hn::Not(is_whole), hn::Eq(y, y)));
  const auto is_one = hn::Or(hn::Eq(y, zero), hn::Or(hn::Eq(x, one), hn::And(hn::Eq(x, hn::Neg(one)), is_whole)));
  const V positive = hn::IfThenElse(is_one, one, magnitude);
  const V sign = hn::And(x, hn::Set(d, static_cast<hn::TFromD<D>>(-0.0)));
  const V result = hn::IfThenElse(is_odd, hn::Xor(positive, sign), positive);
  return hn::IfThenElse(has_no_value, hn::NaN(d), result);
}

// (2^k (1 + f))^y of floats held in double, as 2^(y (k + log2(1 + f))): log2((1 + s) / (1 - s)) = s P(s^2) with
// s = f / (2 + f), and 2^r a polynomial; both minimax by tools/math/minimax.py, relative error 2^-45.1 and 2^-34.5.
// k may be infinite or NaN, for special values, if not kIsOrdinary.
template <bool kIsOrdinary>
struct PowOfSplit {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V k, V f, V y) const {
    const V s = hn::Div(f, hn::Add(Constant(d, 2.0), f));
    const V p = Polynomial(d, hn::Mul(s, s), 0x1.71547652b825p+1, 0x1.ec709dc53df3ap-1, 0x1.2776c291a2e1dp-1,
                           0x1.a61a2ff8d8213p-2, 0x1.4795287aa6bd3p-2, 0x1.21b355e59d4fp-2);
    // Beyond 2^200 the float is 0 or infinite.
    const V exponent = Limit(d, hn::Mul(y, hn::MulAdd(s, p, k)), -200.0, 200.0);
    const V shifted = hn::Add(exponent, Shifter(d));
    const V r = hn::Sub(exponent, hn::Sub(shifted, Shifter(d)));
    const V power =
        Polynomial(d, r, 0x1.ffffffffabc34p-1, 0x1.62e42ff115b73p-1, 0x1.ebfbe0a4be83bp-3, 0x1.c6b08aafd5a56p-5,
                   0x1.3b29dc40b0971p-7, 0x1.5d8a6ffb91b3fp-10, 0x1.446a200d4ea0ap-13, 0x1.fe181493c358p-17);
    // A NaN's bits must not be added to an exponent.
    return kIsOrdinary ? ScaleNormal(d, power, shifted) : Scale(power, PowerOfTwoFactors(d, shifted));
  }
};

// x^y in float, with all special values. Out of line: rare.
template <class D, class V>
HWY_NOINLINE V PowOfAnyFloats(D d, V x, V y) {
  const V magnitude = hn::Abs(x);
  const auto [k, f] = SplitLog<false>(d, magnitude);
  return WithPowSpecials(d, x, y, InDoubles(d, PowOfSplit<false>(), WithLogSpecials(d, magnitude, k), f, y));
}

// log |x| = high + low to about 2^-66: with s = f / (2 + f) in two parts, 2 s (1 + z (1/3 + z Q(z))), z = s^2, all but
// Q in two parts (Dekker 1971); Q minimax by tools/math/minimax.py, relative error of the sum 2^-73.
template <class V>
struct TwoParts {
  V high, low;
};
template <class D, class V = hn::VFromD<D>>
HWY_INLINE TwoParts<V> LogInTwoParts(D d, V magnitude) {
  const auto [k, f] = SplitLog<false>(d, magnitude);
  const V sum = hn::Add(Constant(d, 2.0), f);
  const V sum_low = hn::Sub(f, hn::Sub(sum, Constant(d, 2.0)));
  const V s = hn::Div(f, sum);
  const V s_low = hn::Div(hn::NegMulAdd(s, sum_low, hn::NegMulAdd(s, sum, f)), sum);
  const V z = hn::Mul(s, s);
  const V z_low = hn::MulAdd(hn::Add(s, s), s_low, hn::MulSub(s, s, z));
  const V q = Polynomial(d, z, 0x1.9999999999996p-3, 0x1.2492492492f4ap-3, 0x1.c71c71c597bf2p-4, 0x1.745d1828b3502p-4,
                         0x1.3b1364f6379fcp-4, 0x1.1120687504931p-4, 0x1.de3e7b4c11c95p-5, 0x1.eabd594461ac5p-5);
  const V third = Constant(d, 0x1.5555555555555p-2);
  const V zq = hn::Mul(z, q);
  const V c = hn::Add(third, zq);
  const V c_low = hn::Add(hn::Add(hn::Sub(third, c), zq), Constant(d, 0x1.5555555555555p-56));
  const V p = hn::Mul(z, c);
  const V p_low = hn::MulAdd(z, c_low, hn::MulAdd(z_low, c, hn::MulSub(z, c, p)));
  const V twice = hn::Add(s, s);
  const V twice_low = hn::Add(s_low, s_low);
  const V u = hn::Mul(twice, p);
  const V u_low = hn::MulAdd(twice, p_low, hn::MulAdd(twice_low, p, hn::MulSub(twice, p, u)));
  const V log = hn::Add(twice, u);
  const V log_low = hn::Add(hn::Add(hn::Sub(twice, log), u), hn::Add(u_low, twice_low));
  // k ln 2 with its first part cut to 32 bits, so that the product is exact.
  const V kln2 = hn::Mul(k, Constant(d, 0x1.62e42feep-1));
  const V high = hn::Add(kln2, log);
  const V low = hn::Add(hn::Sub(kln2, high), log);
  return {high, hn::Add(low, hn::MulAdd(k, Constant(d, 0x1.a39ef35793c76p-33), log_low))};
}

// |x|^y in double, e^(y log |x|) with the product in two parts.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V PowMagnitude(D d, V x, V y) {
  const V magnitude = hn::Abs(x);
  const auto log = LogInTwoParts(d, magnitude);
  const V high = WithLogSpecials(d, magnitude, log.high);
  // Beyond 2^64 the result is 0 or inf for all x but 1: |log x| >= 2^-53. The limit keeps the product's parts finite.
  const V limited = Limit(d, y, -0x1p64, 0x1p64);
  const V product = hn::Mul(limited, high);
  const V product_low = hn::MulAdd(limited, log.low, hn::MulSub(limited, high, product));
  const auto is_within = hn::Lt(hn::Abs(product), Constant(d, 760.0));
  const auto parts = SplitExpDouble(d, Limit(d, product, -760.0, 720.0), hn::IfThenElseZero(is_within, product_low));
  return Scale(parts.mantissa, PowerOfTwoFactors(d, parts.shifted));
}

// x^y; float below 1 ulp (computed in double), double below 2 ulp. Special values as C99 Annex F: pow(x, 0) and
// pow(1, y) are 1 even for NaN, a negative x needs a whole y.
template <class D, class V>
HWY_INLINE V Pow(D d, V x, V y) {
  if constexpr (kIsDouble<D>) {
    return WithPowSpecials(d, x, y, PowMagnitude(d, x, y));
  } else {
    const auto is_ordinary = hn::And(IsPositiveNormal(d, x), hn::Lt(hn::Abs(y), hn::Inf(d)));
    if (HWY_UNLIKELY(!hn::AllTrue(d, is_ordinary))) return PowOfAnyFloats(d, x, y);
    const auto [k, f] = SplitLog<true>(d, x);
    return InDoubles(d, PowOfSplit<true>(), k, f, y);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
