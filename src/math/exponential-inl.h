// exp and what is made of it. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_EXPONENTIAL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_EXPONENTIAL_INL_H_
#undef CLLM_MATH_EXPONENTIAL_INL_H_
#else
#define CLLM_MATH_EXPONENTIAL_INL_H_
#endif

#include <type_traits>

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
  V shifted;  // k, on the Shifter
};

// float: to be limited to [-150, 89], beyond which e^x rounds to 0 and inf.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE ExpParts<V> SplitExpFloat(D d, V x) {
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.715476p+0), Shifter(d));
  const V k = hn::Sub(shifted, Shifter(d));
  const V high = hn::NegMulAdd(k, Constant(d, 0x1.62e43p-1), x);
  const V low = hn::Mul(k, Constant(d, 0x1.05c61p-29));
  const V r = hn::Add(high, low);
  const V q = Polynomial(d, r, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558acp-5, 0x1.12398p-7, 0x1.6a51a8p-10);
  const V tail = hn::Add(high, hn::MulAdd(hn::Mul(r, r), q, low));
  return {hn::Add(Constant(d, 1.0), tail), shifted};
}

// double: to be limited to [-760, 720]; e^(x + x_low), where |x_low| is at most half an ulp of x.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE ExpParts<V> SplitExpDouble(D d, V x, V x_low) {
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.71547652b82fep+0), Shifter(d));
  const V k = hn::Sub(shifted, Shifter(d));
  const V high = hn::NegMulAdd(k, Constant(d, 0x1.62e42fefa39efp-1), x);
  const V low = hn::MulAdd(k, Constant(d, -0x1.abc9e3b39803fp-56), x_low);
  const V r = hn::Add(high, low);
  const V q = Polynomial(d, r, 0x1.000000000000ap-1, 0x1.55555555554fdp-3, 0x1.55555555506bp-5, 0x1.1111111126e6ep-7,
                         0x1.6c16c1847a889p-10, 0x1.a01a012f05057p-13, 0x1.a01999549c845p-16, 0x1.71df1ab00f423p-19,
                         0x1.28ae06a44dcd7p-22, 0x1.ad907adbd7d96p-26);
  const V tail = hn::Add(high, hn::MulAdd(hn::Mul(r, r), q, low));
  return {hn::Add(Constant(d, 1.0), tail), shifted};
}

// Calls function(d, x, std::true_type) if e^x is normal in every lane with room to spare, so that scaling by 2^k is one
// addition to the exponent; else function(d, x, std::false_type) with x limited. Both give the same bits where both
// may.
template <class D, class V, class Function>
HWY_INLINE V WithExponent(D d, V x, Function function) {
  const double limit = kIsDouble<D> ? 700.0 : 86.0;
  if (HWY_LIKELY(hn::AllTrue(d, hn::Lt(hn::Abs(x), Constant(d, limit))))) return function(d, x, std::true_type());
  return function(d, kIsDouble<D> ? Limit(d, x, -760.0, 720.0) : Limit(d, x, -150.0, 89.0), std::false_type());
}

// x * 2^k, rounded once.
template <bool kIsNormal, class D, class V = hn::VFromD<D>>
HWY_INLINE V Scaled(D d, V x, V shifted) {
  if constexpr (kIsNormal) return ScaleNormal(d, x, shifted);
  return Scale(x, PowerOfTwoFactors(d, shifted));
}

// e^x; float: below 1 ulp, double: below 2 ulp. Subnormal results are exact to that bound.
template <class D, class V>
HWY_INLINE V Exp(D d, V x) {
  return WithExponent(d, x, [](D same, V limited, auto is_normal) CLLM_INLINE_LAMBDA {
    if constexpr (kIsDouble<D>) {
      const auto parts = SplitExpDouble(same, limited, hn::Zero(same));
      return Scaled<is_normal()>(same, parts.mantissa, parts.shifted);
    } else {
      const auto parts = SplitExpFloat(same, limited);
      return Scaled<is_normal()>(same, parts.mantissa, parts.shifted);
    }
  });
}

// 2^x, float, below 1 ulp: k = round(x), r = x - k exactly, 2^r = 1 + r (c + r q(r)) with c = ln 2 in two parts and q
// minimax by tools/math/minimax.py, relative error 2^-28.2. Whole x are exact.
template <class D, class V>
HWY_INLINE V Exp2(D d, V x) {
  const auto function = [](D same, V limited, auto is_normal) CLLM_INLINE_LAMBDA {
    const V shifted = hn::Add(limited, Shifter(same));
    const V r = hn::Sub(limited, hn::Sub(shifted, Shifter(same)));
    const V q = Polynomial(same, r, 0x1.ebfbdcp-3, 0x1.c6af88p-5, 0x1.3b2ddcp-7, 0x1.5f041ap-10, 0x1.416f88p-13);
    const V low = hn::Mul(r, hn::MulAdd(r, q, Constant(same, -0x1.05c61p-29)));
    const V mantissa = hn::Add(Constant(same, 1.0), hn::MulAdd(r, Constant(same, 0x1.62e43p-1), low));
    return Scaled<is_normal()>(same, mantissa, shifted);
  };
  if (HWY_LIKELY(hn::AllTrue(d, hn::Lt(hn::Abs(x), Constant(d, 125.0))))) return function(d, x, std::true_type());
  return function(d, Limit(d, x, -160.0, 130.0), std::false_type());
}

// tanh(c + d) = tanh(c) + d P(d) on seven pieces of [0, 9.02]: [0, 1/2), [1/2, 1), [1, 2), [2, 3), [3, 5), [5, 7) and
// the rest, P minimax by tools/math/minimax.py, relative error of the sum 2^-28 and less. c is a float whose tanh is
// one to 2^-33; in the first piece c is 0 and d itself stands for tanh(c). 1 + |x| is in [1, 1.5), [1.5, 2), [2, 3),
// ... then: exponent and first fraction bit number the pieces, modulo 8 from 6 on.
inline constexpr EightFloats kTanhCenters{0x1.800116p+0f, 0x1.3fff66p+1f, 0x1.00005ap+2f, 0x1.800674p+2f,
                                          0x1.fe2804p+2f, 0x1.fe2804p+2f, 0.0f,           0x1.8000d6p-1f};
inline constexpr EightFloats kTanhOfCenters{0x1.cf6ffcp-1f, 0x1.f92572p-1f, 0x1.ffa818p-1f, 0x1.fffe64p-1f,
                                            0x1.fffff8p-1f, 0x1.fffff8p-1f, 0.0f,           0x1.4532bep-1f};
inline constexpr EightFloats kTanhCoefficients[] = {
    {0x1.721376p-3f, 0x1.b3b3fp-6f, 0x1.5f8008p-10f, 0x1.9bfdbep-16f, 0x1.fffca4p-22f, 0x1.fffca4p-22f, -0x1.e90a3p-32f,
     0x1.31731p-1f},
    {-0x1.4ef976p-3f, -0x1.addedcp-6f, -0x1.5f4474p-10f, -0x1.9bfcfep-16f, -0x1.0000ep-21f, -0x1.0000ep-21f,
     0x1.1760dep-23f, -0x1.84039ep-2f},
    {0x1.67b25ap-4f, 0x1.16e0d8p-6f, 0x1.d3ed1cp-11f, 0x1.12ccaap-16f, 0x1.55833ap-22f, 0x1.55833ap-22f,
     -0x1.5556fap-2f, 0x1.5683f2p-5f},
    {-0x1.991edap-6f, -0x1.07b5a4p-7f, -0x1.d29a74p-12f, -0x1.12c562p-17f, -0x1.554276p-23f, -0x1.554276p-23f,
     0x1.e686d2p-14f, 0x1.98934cp-4f},
    {-0x1.604c64p-9f, 0x1.76f3c4p-9f, 0x1.705d68p-13f, 0x1.b34094p-19f, 0x1.0e7c1ap-24f, 0x1.0e7c1ap-24f,
     0x1.0edefcp-3f, -0x1.062b5ap-4f},
    {0x1.d4d828p-8f, -0x1.7a7076p-11f, -0x1.e6f3dp-15f, -0x1.2245a6p-20f, -0x1.6c6fbcp-26f, -0x1.6c6fbcp-26f,
     0x1.6aa75p-8f, -0x1.09d0e2p-10f},
    {-0x1.f4d7f4p-9f, 0x1.01d2a4p-14f, 0x1.2fb846p-16f, 0x1.7a5cc4p-22f, 0x1.d68ab4p-28f, 0x1.d68ab4p-28f,
     -0x1.20db7p-4f, 0x1.5b9708p-6f},
    {0x1.941ec4p-11f, 0x1.8fd8f8p-15f, -0x1.1b9c32p-18f, -0x1.78e1eep-24f, -0x1.b40686p-30f, -0x1.b40686p-30f,
     0x1.c7b532p-6f, -0x1.43daa4p-7f}};

// Hyperbolic tangent, float, below 1 ulp. Beyond |x| = 9.02 the result is 1.
template <class D, class V>
HWY_INLINE V Tanh(D d, V x) {
  const hn::RebindToSigned<D> di;
  const V magnitude = LimitAbove(d, hn::Abs(x), 9.02);
  const V moved = hn::Add(magnitude, Constant(d, 1.0));
  const auto piece = hn::And(hn::ShiftRight<22>(hn::BitCast(di, moved)), hn::Set(di, 7));
  const V from_center = hn::Sub(magnitude, OneOfEight(d, kTanhCenters, piece));
  V p = OneOfEight(d, kTanhCoefficients[7], piece);
  for (int i = 6; i >= 0; --i) p = hn::MulAdd(p, from_center, OneOfEight(d, kTanhCoefficients[i], piece));
  const V first = hn::IfThenElse(hn::Lt(moved, Constant(d, 1.5)), magnitude, OneOfEight(d, kTanhOfCenters, piece));
  return hn::CopySign(hn::MulAdd(p, from_center, first), x);
}

// With e = e^-|x|: the inverse 1 / (1 + e) to nearly half an ulp, and e's parts.
template <class V>
struct LogisticParts {
  ExpParts<V> exp;
  V inverse;
};
// x limited as for e^x.
template <bool kIsNormal, class D, class V = hn::VFromD<D>>
HWY_INLINE LogisticParts<V> SplitLogistic(D d, V x) {
  const V one = Constant(d, 1.0);
  const auto exp = SplitExpFloat(d, hn::Neg(hn::Abs(x)));
  const V e = Scaled<kIsNormal>(d, exp.mantissa, exp.shifted);
  const V sum = hn::Add(one, e);
  const V lost = hn::Sub(e, hn::Sub(sum, one));  // exact: 1 + e = sum + lost
  const V inverse = hn::Div(one, sum);
  const V residual = hn::NegMulAdd(inverse, sum, one);  // exact
  return {exp, hn::MulAdd(inverse, hn::NegMulAdd(inverse, lost, residual), inverse)};
}

// Calls function as WithExponent does; x is limited to [-150, 150], beyond which nothing changes but x itself.
template <class D, class V, class Function>
HWY_INLINE V WithLogistic(D d, V x, Function function) {
  if (HWY_LIKELY(hn::AllTrue(d, hn::Lt(hn::Abs(x), Constant(d, 86.0))))) return function(d, x, std::true_type());
  return function(d, Limit(d, x, -150.0, 150.0), std::false_type());
}

// 1 / (1 + e^-x); float, below 2 ulp, subnormal results included. Negative x: e^x / (1 + e^x), so nothing overflows.
template <class D, class V>
HWY_INLINE V Sigmoid(D d, V x) {
  return WithLogistic(d, x, [](D same, V limited, auto is_normal) CLLM_INLINE_LAMBDA {
    const auto parts = SplitLogistic<is_normal()>(same, limited);
    const V negative = Scaled<is_normal()>(same, hn::Mul(parts.exp.mantissa, parts.inverse), parts.exp.shifted);
    return hn::IfThenElse(hn::Lt(limited, hn::Zero(same)), negative, parts.inverse);
  });
}

// x / (1 + e^-x) (Hendrycks, Gimpel 2016); float, below 3 ulp. Power-of-two scaling comes last, so that subnormal
// results keep the bound; -inf gives -0.
template <class D, class V>
HWY_INLINE V Silu(D d, V x) {
  return WithLogistic(d, x, [x](D same, V limited, auto is_normal) CLLM_INLINE_LAMBDA {
    const auto parts = SplitLogistic<is_normal()>(same, limited);
    const auto is_negative = hn::Lt(limited, hn::Zero(same));
    // Only negative x are limited here: a large positive x is its own result.
    const V factor = is_normal() ? x : hn::IfThenElse(is_negative, limited, x);
    const V product =
        hn::Mul(factor, hn::IfThenElse(is_negative, hn::Mul(parts.exp.mantissa, parts.inverse), parts.inverse));
    return hn::IfThenElse(is_negative, Scaled<is_normal()>(same, product, parts.exp.shifted), product);
  });
}

// The derivative s (1 + x (1 - s)), s = sigmoid(x), with 1 - s computed as sigmoid(-x); float, absolute error below
// 2^-22. -inf gives -0 (the derivative is negative there), +inf 1.
template <class D, class V>
HWY_INLINE V SiluDerivative(D d, V x) {
  return WithLogistic(d, x, [](D same, V limited, auto is_normal) CLLM_INLINE_LAMBDA {
    const V one = Constant(same, 1.0);
    const auto parts = SplitLogistic<is_normal()>(same, limited);
    const V small = hn::Mul(Scaled<is_normal()>(same, parts.exp.mantissa, parts.exp.shifted), parts.inverse);
    const auto is_negative = hn::Lt(limited, hn::Zero(same));
    const V s = hn::IfThenElse(is_negative, small, parts.inverse);
    const V complement = hn::IfThenElse(is_negative, parts.inverse, small);
    return hn::Mul(s, hn::MulAdd(limited, complement, one));
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
