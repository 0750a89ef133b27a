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
inline constexpr double kLargeAngle = kIsDouble<D> ? 0x1p30 : 0x1p10;

// double: x = n * pi/2 + high + low, n the integer nearest to x / (pi/2) or next to it; quadrant = n modulo 4.
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

// pi/2 in three parts (tools/math/constants.py). The first difference is exact by fused multiply-add: n has at most 30
// bits, the parts cancel. The second is kept with its error (Dekker 1971, Knuth), so high + low has at least 100 bits
// of n * pi/2 behind it. What is not a number gives nonsense without harm.
template <class D, class V = hn::VFromD<D>, class U = hn::VFromD<hn::RebindToUnsigned<D>>>
HWY_INLINE Angle<V, U> ReduceDouble(D d, V x) {
  const V second_part = Constant(d, 0x1.1a62633145c07p-54);
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.45f306dc9c883p-1), Shifter(d));
  const V n = hn::Sub(shifted, Shifter(d));
  const V first = hn::NegMulAdd(n, Constant(d, 0x1.921fb54442d18p+0), x);
  const V product = hn::Mul(n, second_part);
  const V product_low = hn::MulSub(n, second_part, product);
  const V second = hn::Sub(first, product);
  const V taken = hn::Sub(second, first);
  const V lost = hn::Sub(hn::Sub(first, hn::Sub(second, taken)), hn::Add(product, taken));
  const V rest = hn::NegMulAdd(n, Constant(d, -0x1.f1976b7ed8fbcp-110), hn::Sub(lost, product_low));
  V high = hn::Add(second, rest);
  V low = hn::Add(hn::Sub(second, high), rest);
  U quadrant = hn::BitCast(hn::RebindToUnsigned<D>(), shifted);
  const V magnitude = hn::Abs(x);
  const auto is_large = hn::And(hn::Ge(magnitude, Constant(d, kLargeAngle<D>)), hn::Lt(magnitude, hn::Inf(d)));
  if (HWY_UNLIKELY(!hn::AllFalse(d, is_large))) ReduceLargeLanes(d, x, high, low, quadrant);
  return {high, low, quadrant};
}

// float: x = n * pi/2 + high - excess, quadrant = n modulo 4 in its last two bits.
template <class V, class U>
struct FloatAngle {
  V high, excess;
  U quadrant;
};

// Below kLargeAngle; nonsense without harm beyond. pi/2 in three positive parts, the second of 14 bits: n has at most
// 10, so the product of both is exact, and so is the first difference by fused multiply-add. The second is exact too
// where it is below 2^-13; elsewhere the first is larger than what is taken from it, so that the rounding error is a
// float (Dekker 1971). With the third part, n * pi/2 is right to 2^-53. x = -0 gives high = -0, excess = +0.
template <class D, class V = hn::VFromD<D>, class U = hn::VFromD<hn::RebindToUnsigned<D>>>
HWY_INLINE FloatAngle<V, U> ReduceFloat(D d, V x) {
  const V second_part = Constant(d, 0x1.444p-24);
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.45f306p-1), Shifter(d));
  const V n = hn::Sub(shifted, Shifter(d));
  const V first = hn::NegMulAdd(n, Constant(d, 0x1.921fb4p+0), x);
  const V high = hn::NegMulAdd(n, second_part, first);
  const V taken = hn::MulAdd(n, second_part, hn::Sub(high, first));
  const V excess = hn::MulAdd(n, Constant(d, 0x1.68c234p-39), taken);
  return {high, excess, hn::BitCast(hn::RebindToUnsigned<D>(), shifted)};
}

// function.OfDouble(d, x) for double; for float function.BelowLarge(d, x), where an angle is large OfDouble rounded
// once.
template <class D, class V, class Function>
HWY_INLINE V OfAngle(D d, V x, Function function) {
  if constexpr (kIsDouble<D>) {
    return function.OfDouble(d, x);
  } else {
    const V below = function.BelowLarge(d, x);
    const auto is_large = hn::Ge(hn::Abs(x), Constant(d, kLargeAngle<D>));
    if (HWY_LIKELY(hn::AllFalse(d, is_large))) return below;
    const auto in_double = [=](auto dd, auto v) CLLM_INLINE_LAMBDA { return function.OfDouble(dd, v); };
    return hn::IfThenElse(is_large, Rarely([=](V same) CLLM_INLINE_LAMBDA { return InDoubles(d, in_double, same); }, x),
                          below);
  }
}

// sin and cos of high + low, double, |high| <= pi/4, each as the sum of two parts: r + (r^3 S(r^2)) and
// 1 - r^2/2 + r^4 C(r^2), S and C minimax by tools/math/minimax.py, relative error 2^-57.8 and 2^-63.9; `low` enters by
// its first-order term.
template <class V>
struct SinCos {
  V sin, sin_low, cos, cos_low;
};
template <class D, class V = hn::VFromD<D>>
HWY_INLINE SinCos<V> SinCosOfReduced(D d, V high, V low) {
  const V one = Constant(d, 1.0);
  const V z = hn::Mul(high, high);
  const V s = Polynomial(d, z, -0x1.5555555555548p-3, 0x1.111111110f75dp-7, -0x1.a01a019bf228bp-13,
                         0x1.71de355f0fd1dp-19, -0x1.ae5e547de7722p-26, 0x1.5d8e397547651p-33);
  const V c = Polynomial(d, z, 0x1.555555555554bp-5, -0x1.6c16c16c15018p-10, 0x1.a01a019c8f8c5p-16,
                         -0x1.27e4f7f1e0eeep-22, 0x1.1ee9dc03bde82p-29, -0x1.8fa69ddf63751p-37);
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

// value, negative in quadrants 2 and 3, double.
template <class D, class V, class U>
HWY_INLINE V WithQuadrantSign(D d, V value, U quadrant) {
  return hn::Xor(value, hn::And(hn::BitCast(d, hn::ShiftLeft<62>(quadrant)), hn::SignBit(d)));
}

// The four values of quadrants 0 to 3, for an angle that lacks kQuarterTurns (0 or 1).
template <uint32_t kQuarterTurns>
constexpr FourFloats ForQuadrants(float first, float second, float third, float fourth) {
  return kQuarterTurns == 0 ? FourFloats(first, second, third, fourth) : FourFloats(second, third, fourth, first);
}

// sin(x + kQuarterTurns * pi/2), kQuarterTurns 0 or 1.
template <uint32_t kQuarterTurns>
struct SinOfTurned {
  // From |x|, sin being odd and cos even.
  template <class D, class V>
  HWY_INLINE V OfDouble(D d, V x) const {
    const hn::RebindToUnsigned<D> du;
    const auto angle = ReduceDouble(d, hn::Abs(x));
    const auto quadrant = hn::Add(angle.quadrant, hn::Set(du, kQuarterTurns));
    const auto both = SinCosOfReduced(d, angle.high, angle.low);
    const V magnitude =
        hn::IfThenElse(IsEven(d, quadrant), hn::Add(both.sin, both.sin_low), hn::Add(both.cos, both.cos_low));
    const V turned = WithQuadrantSign(d, magnitude, quadrant);
    return kQuarterTurns == 0 ? hn::Xor(turned, hn::And(x, hn::SignBit(d))) : turned;
  }

  // With r = high and e = excess, sin(r - e) = r + (r w - e) and w = r^2 S(r^2); cos(r - e) = 1 - r (r w - e) and
  // w = 1/2 - r^2 C(r^2): one chain of fused multiply-adds, (a1 r + a0) (r w - e) + (b1 r + b0), whose coefficients and
  // sign the quadrant chooses. S and C minimax by tools/math/minimax.py, relative error 2^-27.9 and 2^-33.0.
  template <class D, class V>
  HWY_INLINE V BelowLarge(D d, V x) const {
    static constexpr FourFloats kCoefficients[] = {
        OfSinAndCos(0.0f, 0.5f), OfSinAndCos(-0x1.555546p-3f, -0x1.55554ap-5f),
        OfSinAndCos(0x1.11077ap-7f, 0x1.6c0c2ap-10f), OfSinAndCos(-0x1.9954ep-13f, -0x1.99e91p-16f)};
    static constexpr FourFloats kA1 = ForQuadrants<kQuarterTurns>(0, -1, 0, 1);
    static constexpr FourFloats kA0 = ForQuadrants<kQuarterTurns>(1, 0, -1, 0);
    static constexpr FourFloats kB1 = ForQuadrants<kQuarterTurns>(1, 0, -1, 0);
    static constexpr FourFloats kB0 = ForQuadrants<kQuarterTurns>(-0.0f, 1, -0.0f, -1);  // -0 - 0 = -0
    const auto angle = ReduceFloat(d, x);
    const auto chosen = [&](const FourFloats& four) CLLM_INLINE_LAMBDA { return OneOfFour(d, four, angle.quadrant); };
    const V r = angle.high;
    const V z = hn::Mul(r, r);
    V w = chosen(kCoefficients[3]);
    for (int i = 2; i >= 0; --i) w = hn::MulAdd(w, z, chosen(kCoefficients[i]));
    const V tail = hn::MulSub(r, w, angle.excess);
    return hn::MulAdd(hn::MulAdd(r, chosen(kA1), chosen(kA0)), tail, hn::MulAdd(r, chosen(kB1), chosen(kB0)));
  }

 private:
  static constexpr FourFloats OfSinAndCos(float sin, float cos) {
    return ForQuadrants<kQuarterTurns>(sin, cos, sin, cos);
  }
};

struct TanFunction {
  // sin / cos of the reduced angle, or -cos / sin in odd quadrants; for floats, so it need not be right to the last
  // bit.
  template <class D, class V>
  HWY_INLINE V OfDouble(D d, V x) const {
    const auto angle = ReduceDouble(d, x);
    const auto both = SinCosOfReduced(d, angle.high, angle.low);
    const V sin = hn::Add(both.sin, both.sin_low);
    const V cos = hn::Add(both.cos, both.cos_low);
    const auto is_even = IsEven(d, angle.quadrant);
    return hn::Div(hn::IfThenElse(is_even, sin, hn::Neg(cos)), hn::IfThenElse(is_even, cos, sin));
  }

  // With r = high and e = excess, t = tan(r - e) = r + (r^3 T(r^2) - e (1 + 1.5 r^2)), where 1 + 1.5 r^2 stands for the
  // derivative; in odd quadrants -1 / t, corrected by what t and the division lose. T minimax by tools/math/minimax.py,
  // relative error 2^-29.5.
  template <class D, class V>
  HWY_INLINE V BelowLarge(D d, V x) const {
    static constexpr FourFloats kOdd(0.0f, -0.0f, 0.0f, -0.0f);
    const auto angle = ReduceFloat(d, x);
    const V r = angle.high, one = Constant(d, 1.0);
    const V z = hn::Mul(r, r);
    const V t = Polynomial(d, z, 0x1.55556p-2, 0x1.110dap-3, 0x1.bad944p-5, 0x1.5cc68ep-6, 0x1.62abep-7, 0x1.b06c9p-14,
                           0x1.1e690cp-8);
    const V slope = hn::MulAdd(z, Constant(d, 1.5), one);
    const V tail = hn::MulSub(hn::Mul(r, z), t, hn::Mul(angle.excess, slope));
    const V tangent = hn::Add(r, tail);
    const V lost = hn::Sub(tail, hn::Sub(tangent, r));
    const V inverse = hn::Div(hn::Neg(one), tangent);
    const V residual = hn::MulAdd(inverse, lost, hn::MulAdd(inverse, tangent, one));
    const V turned = hn::MulAdd(inverse, residual, inverse);
    return hn::IfNegativeThenElse(OneOfFour(d, kOdd, angle.quadrant), turned, tangent);
  }
};

// Sine; float below 1 ulp, double below 2 ulp, for all finite arguments. sin(+-inf) is NaN; sin(-0) = -0.
template <class D, class V>
HWY_INLINE V Sin(D d, V x) {
  return OfAngle(d, x, SinOfTurned<0>());
}

// Cosine, as Sin.
template <class D, class V>
HWY_INLINE V Cos(D d, V x) {
  return OfAngle(d, x, SinOfTurned<1>());
}

// Tangent, float, below 1.1 ulp. tan(+-inf) is NaN.
template <class D, class V>
HWY_INLINE V Tan(D d, V x) {
  return OfAngle(d, x, TanFunction());
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
