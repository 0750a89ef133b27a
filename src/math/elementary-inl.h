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
