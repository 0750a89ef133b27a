// exp and what is made of it. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_EXPONENTIAL_INL_H_
#undef CLLM_MATH_EXPONENTIAL_INL_H_
#else
#define CLLM_MATH_EXPONENTIAL_INL_H_
#endif

#include "hwy/highway.h"
#include "math/parts-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// e^x = mantissa * 2^k with k = round(x / ln 2), r = x - k ln 2 (Cody, Waite 1980) and mantissa = 1 + r + r^2 q(r) in
// [0.70, 1.42]. ln 2 has two parts; the first difference is exact by fused multiply-add and the second part joins the
// sum late, so that r's own rounding error does not count.
// q: minimax by tools/math/minimax.py, relative error of the mantissa 2^-28.2 (float), 2^-57.8 (double).
template <class V>
struct ExpParts {
  V mantissa;
  PowerOfTwo<V> power;
};

// float: x is limited to [-150, 89], beyond which e^x rounds to 0 and inf.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE ExpParts<V> SplitExpFloat(D d, V x) {
  x = Limit(d, x, -150.0, 89.0);
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.715476p+0), Shifter(d));
  const V k = hn::Sub(shifted, Shifter(d));
  const V high = hn::NegMulAdd(k, Constant(d, 0x1.62e43p-1), x);
  const V low = hn::Mul(k, Constant(d, 0x1.05c61p-29));
  const V r = hn::Add(high, low);
  const V q = Polynomial(d, r, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558acp-5, 0x1.12398p-7, 0x1.6a51a8p-10);
  const V tail = hn::Add(high, hn::MulAdd(hn::Mul(r, r), q, low));
  return {hn::Add(Constant(d, 1.0), tail), PowerOfTwoFactors(d, shifted)};
}

// double: x is limited to [-760, 720]; e^(x + x_low), where |x_low| is at most half an ulp of x.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE ExpParts<V> SplitExpDouble(D d, V x, V x_low) {
  x = Limit(d, x, -760.0, 720.0);
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.71547652b82fep+0), Shifter(d));
  const V k = hn::Sub(shifted, Shifter(d));
  const V high = hn::NegMulAdd(k, Constant(d, 0x1.62e42fefa39efp-1), x);
  const V low = hn::MulAdd(k, Constant(d, -0x1.abc9e3b39803fp-56), x_low);
  const V r = hn::Add(high, low);
  const V q = Polynomial(d, r, 0x1.000000000000ap-1, 0x1.55555555554fdp-3, 0x1.55555555506bp-5, 0x1.1111111126e6ep-7,
                         0x1.6c16c1847a889p-10, 0x1.a01a012f05057p-13, 0x1.a01999549c845p-16, 0x1.71df1ab00f423p-19,
                         0x1.28ae06a44dcd7p-22, 0x1.ad907adbd7d96p-26);
  const V tail = hn::Add(high, hn::MulAdd(hn::Mul(r, r), q, low));
  return {hn::Add(Constant(d, 1.0), tail), PowerOfTwoFactors(d, shifted)};
}

// e^x; float: below 1 ulp, double: below 2 ulp. Subnormal results are exact to that bound.
template <class D, class V>
HWY_INLINE V Exp(D d, V x) {
  if constexpr (kIsDouble<D>) {
    const auto parts = SplitExpDouble(d, x, hn::Zero(d));
    return Scale(parts.mantissa, parts.power);
  } else {
    const auto parts = SplitExpFloat(d, x);
    return Scale(parts.mantissa, parts.power);
  }
}

// With e = e^-|x|: the inverse 1 / (1 + e) to nearly half an ulp, and e's parts.
template <class V>
struct LogisticParts {
  ExpParts<V> exp;
  V inverse;
};
template <class D, class V = hn::VFromD<D>>
HWY_INLINE LogisticParts<V> SplitLogistic(D d, V x) {
  const V one = Constant(d, 1.0);
  const auto exp = SplitExpFloat(d, hn::Neg(hn::Abs(x)));
  const V e = Scale(exp.mantissa, exp.power);
  const V sum = hn::Add(one, e);
  const V lost = hn::Sub(e, hn::Sub(sum, one));  // exact: 1 + e = sum + lost
  const V inverse = hn::Div(one, sum);
  const V residual = hn::NegMulAdd(inverse, sum, one);  // exact
  return {exp, hn::MulAdd(inverse, hn::NegMulAdd(inverse, lost, residual), inverse)};
}

// 1 / (1 + e^-x); float, below 2 ulp, subnormal results included. Negative x: e^x / (1 + e^x), so nothing overflows.
template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  const auto parts = SplitLogistic(d, x);
  const V negative = Scale(hn::Mul(parts.exp.mantissa, parts.inverse), parts.exp.power);
  return hn::IfThenElse(hn::Lt(x, hn::Zero(d)), negative, parts.inverse);
}

// x / (1 + e^-x) (Hendrycks, Gimpel 2016); float, below 3 ulp. Power-of-two scaling comes last, so that subnormal
// results keep the bound; -inf gives -0.
template <class D, class V>
HWY_INLINE V Silu(D d, V x) {
  const auto parts = SplitLogistic(d, x);
  const auto is_negative = hn::Lt(x, hn::Zero(d));
  const V limited = hn::IfThenElse(hn::Lt(x, Constant(d, -150.0)), Constant(d, -150.0), x);
  const V product = hn::Mul(limited, hn::IfThenElse(is_negative, hn::Mul(parts.exp.mantissa, parts.inverse),
                                                    parts.inverse));
  return hn::IfThenElse(is_negative, Scale(product, parts.exp.power), product);
}

// The derivative s (1 + x (1 - s)), s = sigmoid(x), with 1 - s computed as sigmoid(-x); float, absolute error below
// 2^-22. -inf gives 0, +inf 1.
template <class D, class V>
HWY_INLINE V SiluDerivative(D d, V x) {
  x = Limit(d, x, -150.0, 150.0);
  const V one = Constant(d, 1.0);
  const auto parts = SplitLogistic(d, x);
  const V small = hn::Mul(Scale(parts.exp.mantissa, parts.exp.power), parts.inverse);
  const auto is_negative = hn::Lt(x, hn::Zero(d));
  const V s = hn::IfThenElse(is_negative, small, parts.inverse);
  const V complement = hn::IfThenElse(is_negative, parts.inverse, small);
  return hn::Mul(s, hn::MulAdd(x, complement, one));
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
