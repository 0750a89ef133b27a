// Square roots and what Highway offers as one IEEE operation. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_ELEMENTARY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_ELEMENTARY_INL_H_
#undef CLLM_MATH_ELEMENTARY_INL_H_
#else
#define CLLM_MATH_ELEMENTARY_INL_H_
#endif

#include "hwy/highway.h"
#include "math/parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One IEEE or bit operation each, exact; -0 keeps its sign.
template <class D, class V>
HWY_INLINE V Floor(D /*d*/, V x) {
  return hn::Floor(x);
}
template <class D, class V>
HWY_INLINE V Ceil(D /*d*/, V x) {
  return hn::Ceil(x);
}
template <class D, class V>
HWY_INLINE V Trunc(D /*d*/, V x) {
  return hn::Trunc(x);
}
template <class D, class V>
HWY_INLINE V Abs(D /*d*/, V x) {
  return hn::Abs(x);
}
template <class D, class V>
HWY_INLINE V CopySign(D /*d*/, V magnitude, V sign) {
  return hn::CopySign(magnitude, sign);
}

// To the nearest integer, halves away from zero, as C's round.
template <class D, class V>
HWY_INLINE V Round(D d, V x) {
  const V whole = hn::Trunc(x);
  const auto is_half_or_more = hn::Ge(hn::Abs(hn::Sub(x, whole)), Constant(d, 0.5));
  const V away = hn::Add(whole, hn::CopySign(Constant(d, 1.0), x));
  return hn::CopySign(hn::IfThenElse(is_half_or_more, away, whole), x);
}

template <class D, class V>
HWY_INLINE hn::Mask<D> IsNan(D /*d*/, V x) {
  return hn::IsNaN(x);  // not Ne(x, x): Highway's AVX2 form of Ne is ordered
}
template <class D, class V>
HWY_INLINE hn::Mask<D> IsInf(D d, V x) {
  return hn::Eq(hn::Abs(x), hn::Inf(d));
}

// As C's fmin and fmax: a NaN gives way to a number; -0 counts as less than +0.
template <class D, class V>
HWY_INLINE V Min(D d, V a, V b) {
  const V equal_or_b = hn::IfThenElse(hn::Eq(a, b), hn::Or(a, b), b);
  return hn::IfThenElse(hn::Or(hn::Lt(a, b), IsNan(d, b)), a, equal_or_b);
}
template <class D, class V>
HWY_INLINE V Max(D d, V a, V b) {
  const V equal_or_b = hn::IfThenElse(hn::Eq(a, b), hn::And(a, b), b);
  return hn::IfThenElse(hn::Or(hn::Gt(a, b), IsNan(d, b)), a, equal_or_b);
}

// The remainder of floats held in double, both positive, the divisor finite.
struct RemainderOfFloats {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V rest, V divisor) const {
    // rest < divisor * 2^(28 step + 28) holds from step 9 on: the quotient of any two floats is below 2^278.
    V scaled = hn::Mul(divisor, Constant(d, 0x1p252));
    for (int step = 9; step >= 0; --step) {
      if (!hn::AllTrue(d, hn::Lt(rest, scaled))) {
        const V quotient = hn::Trunc(hn::Div(rest, scaled));
        // Exact: rest and scaled have 24 bits, the quotient 28, and it is too large by at most one.
        const V left = hn::NegMulAdd(quotient, scaled, rest);
        rest = hn::IfThenElse(hn::Lt(left, hn::Zero(d)), hn::Add(left, scaled), left);
      }
      scaled = hn::Mul(scaled, Constant(d, 0x1p-28));
    }
    return rest;
  }
};

// The remainder of x / y with the sign of x, exact, float, as C's fmod: long division in double by digits of 28 bits,
// at most ten of them. fmod(x, 0), fmod(inf, y) and NaN give NaN; fmod(x, inf) = x.
template <class D, class V>
HWY_INLINE V Fmod(D d, V x, V y) {
  const V divisor = hn::Abs(y);
  const auto is_defined = hn::And(hn::Lt(hn::Abs(x), hn::Inf(d)), hn::Gt(divisor, hn::Zero(d)));
  const auto is_divided = hn::And(is_defined, hn::Lt(divisor, hn::Inf(d)));
  const V one = Constant(d, 1.0);
  const V rest = InDoubles(d, RemainderOfFloats(), hn::IfThenElse(is_divided, hn::Abs(x), one),
                           hn::IfThenElse(is_divided, divisor, one));
  const V defined = hn::IfThenElse(is_divided, hn::CopySign(rest, x), x);
  return hn::IfThenElse(is_defined, defined, hn::NaN(d));
}

// Correctly rounded (one IEEE operation).
template <class D, class V>
HWY_INLINE V Sqrt(D /*d*/, V x) {
  return hn::Sqrt(x);
}

// 1 / sqrt(x), float, below 1 ulp: y = 1 / s with s = sqrt(x), corrected by the exact residuals 1 - y s and x - s^2
// (1 / sqrt(s^2 + e) = y (1 - e y^2 / 2 + ...)). rsqrt(+-0) = +-inf, rsqrt(inf) = 0, negative NaN. Small x are scaled
// by 2^48 so that the residual does not underflow.
template <class D, class V>
HWY_INLINE V Rsqrt(D d, V x) {
  const V one = Constant(d, 1.0);
  const auto is_small = hn::Lt(x, Constant(d, 0x1p-70));
  const V scaled = hn::IfThenElse(is_small, hn::Mul(x, Constant(d, 0x1p48)), x);
  const V s = hn::Sqrt(scaled);
  const V y = hn::Div(one, s);
  const V division = hn::NegMulAdd(y, s, one);
  const V root = hn::Mul(hn::NegMulAdd(s, s, scaled), Constant(d, 0.5));
  const V corrected = hn::MulAdd(y, hn::NegMulAdd(hn::Mul(root, y), y, division), y);
  const auto is_ordinary = hn::And(hn::Gt(x, hn::Zero(d)), hn::Lt(x, hn::Inf(d)));
  const V result = hn::IfThenElse(is_ordinary, corrected, y);
  return hn::IfThenElse(is_small, hn::Mul(result, Constant(d, 0x1p24)), result);
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
