// sin, cos and tan in float, sin and cos in double. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_TRIGONOMETRIC_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_TRIGONOMETRIC_INL_H_
#undef CLLM_MATH_TRIGONOMETRIC_INL_H_
#else
#define CLLM_MATH_TRIGONOMETRIC_INL_H_
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"
#include "math/parts-inl.h"
#include "math/reduction.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Below this magnitude an angle is reduced by Cody and Waite's method in its own type. Larger doubles are reduced by
// ReduceLargeAngle, larger floats are computed in double. The choice is made for each lane by its own value.
template <class D>
inline constexpr double kLargeAngle = kIsDouble<D> ? 0x1p30 : 0x1p15;

// pi/2 in three parts of the type's precision (tools/math/constants.py).
template <class D>
struct HalfPi {
  static constexpr double kFirst = kIsDouble<D> ? 0x1.921fb54442d18p+0 : 0x1.921fb6p+0;
  static constexpr double kSecond = kIsDouble<D> ? 0x1.1a62633145c07p-54 : -0x1.777a5cp-25;
  static constexpr double kThird = kIsDouble<D> ? -0x1.f1976b7ed8fbcp-110 : -0x1.ee59dap-50;
};

// x = n * pi/2 + high + low, n the integer nearest to x / (pi/2) or next to it; quadrant = n modulo 4.
template <class V, class U>
struct Angle {
  V high, low;
  U quadrant;
};

// Replaces the lanes of large finite x, double. Out of line: rare.
template <class D, class V, class U>
HWY_NOINLINE void ReduceLargeLanes(D d, V x, V& high, V& low, U& quadrant) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  const hn::RebindToUnsigned<D> du;
  HWY_ALIGN double angles[kLanes];
  HWY_ALIGN double highs[kLanes];
  HWY_ALIGN double lows[kLanes];
  HWY_ALIGN uint64_t quadrants[kLanes];
  hn::Store(x, d, angles);
  hn::Store(high, d, highs);
  hn::Store(low, d, lows);
  hn::Store(quadrant, du, quadrants);
  for (size_t i = 0; i < kLanes; ++i) {
    const double magnitude = angles[i] < 0 ? -angles[i] : angles[i];
    if (!(magnitude >= kLargeAngle<D> && magnitude <= 0x1.fffffffffffffp1023)) continue;
    const math::ReducedAngle reduced = math::ReduceLargeAngle(angles[i]);
    const bool negative = angles[i] < 0;
    highs[i] = negative ? -reduced.high : reduced.high;
    lows[i] = negative ? -reduced.low : reduced.low;
    quadrants[i] = negative ? (4 - reduced.quadrant) & 3 : reduced.quadrant;
  }
  high = hn::Load(d, highs);
  low = hn::Load(d, lows);
  quadrant = hn::Load(du, quadrants);
}

// The first difference is exact by fused multiply-add: n has at most 30 bits (15 in float), the parts cancel. The
// second is kept with its error (Dekker 1971, Knuth), so high + low has at least 100 (44) bits of n * pi/2 behind it.
// Large floats and everything that is no number give nonsense without harm.
template <class D, class V = hn::VFromD<D>, class U = hn::VFromD<hn::RebindToUnsigned<D>>>
HWY_INLINE Angle<V, U> ReduceAngle(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.45f306dc9c883p-1), Shifter(d));
  const V n = hn::Sub(shifted, Shifter(d));
  const V first = hn::NegMulAdd(n, Constant(d, HalfPi<D>::kFirst), x);
  const V product = hn::Mul(n, Constant(d, HalfPi<D>::kSecond));
  const V product_low = hn::MulSub(n, Constant(d, HalfPi<D>::kSecond), product);
  V high = hn::Sub(first, product);
  const V taken = hn::Sub(high, first);
  const V lost = hn::Sub(hn::Sub(first, hn::Sub(high, taken)), hn::Add(product, taken));
  V low = hn::NegMulAdd(n, Constant(d, HalfPi<D>::kThird), hn::Sub(lost, product_low));
  U quadrant = hn::BitCast(du, shifted);
  if constexpr (kIsDouble<D>) {
    const V sum = hn::Add(high, low);
    low = hn::Add(hn::Sub(high, sum), low);
    high = sum;
    const V magnitude = hn::Abs(x);
    const auto is_large = hn::And(hn::Ge(magnitude, Constant(d, kLargeAngle<D>)), hn::Lt(magnitude, hn::Inf(d)));
    if (HWY_UNLIKELY(!hn::AllFalse(d, is_large))) ReduceLargeLanes(d, x, high, low, quadrant);
  }
  return {high, low, quadrant};
}

// sin and cos of high + low, |high| <= pi/4, each as the sum of two parts: r + (r^3 S(r^2)) and 1 - r^2/2 + r^4 C(r^2),
// S and C minimax by tools/math/minimax.py, relative error 2^-57.8 and 2^-63.9 (2^-27.9 and 2^-33.0 in float); `low`
// enters by its first-order term.
template <class V>
struct SinCos {
  V sin, sin_low, cos, cos_low;
};
template <class D, class V = hn::VFromD<D>>
HWY_INLINE SinCos<V> SinCosOfReduced(D d, V high, V low) {
  const V one = Constant(d, 1.0);
  const V z = hn::Mul(high, high);
  V s, c;
  if constexpr (kIsDouble<D>) {
    s = Polynomial(d, z, -0x1.5555555555548p-3, 0x1.111111110f75dp-7, -0x1.a01a019bf228bp-13, 0x1.71de355f0fd1dp-19,
                   -0x1.ae5e547de7722p-26, 0x1.5d8e397547651p-33);
    c = Polynomial(d, z, 0x1.555555555554bp-5, -0x1.6c16c16c15018p-10, 0x1.a01a019c8f8c5p-16, -0x1.27e4f7f1e0eeep-22,
                   0x1.1ee9dc03bde82p-29, -0x1.8fa69ddf63751p-37);
  } else {
    s = Polynomial(d, z, -0x1.555546p-3, 0x1.11077ap-7, -0x1.9954ep-13);
    c = Polynomial(d, z, 0x1.55554ap-5, -0x1.6c0c2ap-10, 0x1.99e91p-16);
  }
  const V half = hn::Mul(z, Constant(d, 0.5));
  const V rest = hn::Sub(one, half);
  const V lost = hn::Sub(hn::Sub(one, rest), half);
  return {high, hn::MulAdd(hn::Mul(high, z), s, hn::Mul(low, rest)), rest,
          hn::Add(lost, hn::MulAdd(hn::Mul(z, z), c, hn::Neg(hn::Mul(high, low))))};
}

template <class D, class U>
HWY_INLINE hn::Mask<D> IsEven(D d, U quadrant) {
  const hn::RebindToUnsigned<D> du;
  return hn::RebindMask(d, hn::Eq(hn::And(quadrant, hn::Set(du, 1)), hn::Zero(du)));
}

// sin in quadrant 0 or 2, cos in 1 or 3, without sign. The terms are chosen for each lane, not the results: one
// polynomial instead of two.
template <class D, class V, class U>
HWY_INLINE V SinOrCosOfFloat(D d, V high, V low, U quadrant) {
  const V odd = hn::BitCast(d, hn::ShiftLeft<31>(quadrant));  // the sign bit chooses
  const auto choose = [&](V for_sin, V for_cos)
                          CLLM_INLINE_LAMBDA { return hn::IfNegativeThenElse(odd, for_cos, for_sin); };
  const V one = Constant(d, 1.0), half = Constant(d, 0.5);
  const V z = hn::Mul(high, high);
  const V rest = hn::NegMulAdd(z, half, one);
  const V lost = hn::NegMulAdd(z, half, hn::Sub(one, rest));
  V p = choose(Constant(d, -0x1.9954ep-13), Constant(d, 0x1.99e91p-16));
  p = hn::MulAdd(p, z, choose(Constant(d, 0x1.11077ap-7), Constant(d, -0x1.6c0c2ap-10)));
  p = hn::MulAdd(p, z, choose(Constant(d, -0x1.555546p-3), Constant(d, 0x1.55554ap-5)));
  const V tail = choose(low, hn::NegMulAdd(high, low, lost));
  return hn::Add(choose(high, rest), hn::MulAdd(hn::Mul(z, choose(high, z)), p, tail));
}

// sin(x + kQuarterTurns * pi/2), kQuarterTurns 0 or 1: from |x|, sin being odd and cos even.
template <uint64_t kQuarterTurns, class D, class V = hn::VFromD<D>>
HWY_INLINE V SinOfTurned(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  using T = hn::TFromD<decltype(du)>;
  constexpr int kToSign = static_cast<int>(sizeof(T)) * 8 - 2;
  const V magnitude = hn::Abs(x);
  const auto with_sign = [&](V value, hn::VFromD<decltype(du)> quadrant) CLLM_INLINE_LAMBDA {
    auto turned = hn::ShiftLeft<kToSign>(quadrant);
    if constexpr (kQuarterTurns == 0) turned = hn::Xor(turned, hn::BitCast(du, x));
    return hn::Xor(value, hn::And(hn::BitCast(d, turned), hn::SignBit(d)));
  };
  const auto turn = [&](hn::VFromD<decltype(du)> quadrant) CLLM_INLINE_LAMBDA {
    return kQuarterTurns == 0 ? quadrant : hn::Add(quadrant, hn::Set(du, static_cast<T>(kQuarterTurns)));
  };
  if constexpr (kIsDouble<D>) {
    const auto angle = ReduceAngle(d, magnitude);
    const auto quadrant = turn(angle.quadrant);
    const auto both = SinCosOfReduced(d, angle.high, angle.low);
    return with_sign(
        hn::IfThenElse(IsEven(d, quadrant), hn::Add(both.sin, both.sin_low), hn::Add(both.cos, both.cos_low)),
        quadrant);
  } else {
    const auto angle = ReduceAngle(d, magnitude);
    const auto quadrant = turn(angle.quadrant);
    const V value = with_sign(SinOrCosOfFloat(d, angle.high, angle.low, quadrant), quadrant);
    const auto is_rare = hn::Ge(magnitude, Constant(d, kLargeAngle<D>));
    if (HWY_LIKELY(hn::AllFalse(d, is_rare))) return value;
    const auto in_double = [](auto dd, auto v) CLLM_INLINE_LAMBDA { return SinOfTurned<kQuarterTurns>(dd, v); };
    return hn::IfThenElse(is_rare, Rarely([=](V same) CLLM_INLINE_LAMBDA { return InDoubles(d, in_double, same); }, x),
                          value);
  }
}

// function(d, x) in the type's own precision; lanes of large floats are computed in double and rounded once.
template <class D, class V, class Function>
HWY_INLINE V OfAngle(D d, V x, Function function) {
  const V result = function(d, x);
  if constexpr (kIsDouble<D>) {
    return result;
  } else {
    const auto is_large = hn::Ge(hn::Abs(x), Constant(d, kLargeAngle<D>));
    if (HWY_LIKELY(hn::AllFalse(d, is_large))) return result;
    return hn::IfThenElse(is_large, Rarely([=](V same) CLLM_INLINE_LAMBDA { return InDoubles(d, function, same); }, x),
                          result);
  }
}

// sin / cos of the reduced angle, or -cos / sin in odd quadrants, the quotient corrected by what both sums and the
// division lose.
struct TanFunction {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const auto angle = ReduceAngle(d, hn::Abs(x));
    const auto both = SinCosOfReduced(d, angle.high, angle.low);
    const V sin = hn::Add(both.sin, both.sin_low);
    const V cos = hn::Add(both.cos, both.cos_low);
    const V sin_low = hn::Add(hn::Sub(both.sin, sin), both.sin_low);
    const V cos_low = hn::Add(hn::Sub(both.cos, cos), both.cos_low);
    const auto is_even = IsEven(d, angle.quadrant);
    const V below = hn::IfThenElse(is_even, cos, sin);
    const V above = hn::IfThenElse(is_even, sin, cos);
    const V inverse = hn::Div(Constant(d, 1.0), below);
    const V quotient = hn::Mul(above, inverse);
    const V below_low = hn::IfThenElse(is_even, cos_low, sin_low);
    const V above_low = hn::IfThenElse(is_even, sin_low, cos_low);
    const V lost = hn::NegMulAdd(quotient, below_low, hn::Add(hn::NegMulAdd(quotient, below, above), above_low));
    const V magnitude = hn::MulAdd(lost, inverse, quotient);
    const V sign = hn::Xor(hn::And(x, hn::SignBit(d)), hn::IfThenZeroElse(is_even, hn::SignBit(d)));
    return hn::Xor(magnitude, sign);
  }
};

// Sine; float below 1 ulp, double below 2 ulp, for all finite arguments. sin(+-inf) is NaN. The sign of x is put on at
// the end, so that sin(-0) = -0.
template <class D, class V>
HWY_INLINE V Sin(D d, V x) {
  return SinOfTurned<0>(d, x);
}

// Cosine, as Sin.
template <class D, class V>
HWY_INLINE V Cos(D d, V x) {
  return SinOfTurned<1>(d, x);
}

// Tangent, float, below 1 ulp. tan(+-inf) is NaN.
template <class D, class V>
HWY_INLINE V Tan(D d, V x) {
  return OfAngle(d, x, TanFunction());
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
