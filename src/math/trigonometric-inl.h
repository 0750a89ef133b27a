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

// Below this magnitude an angle is reduced by Cody and Waite's method, from it on by ReduceLargeAngle. The choice is
// made for each lane by its own value.
inline constexpr double kLargeAngle = 0x1p30;

// x = n * pi/2 + high + low, n the integer nearest to x / (pi/2) or next to it; quadrant = n modulo 4.
template <class V, class U>
struct Angle {
  V high, low;
  U quadrant;
};

// Replaces the lanes of large finite x. Out of line: rare.
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
    if (!(magnitude >= kLargeAngle && magnitude <= 0x1.fffffffffffffp1023)) continue;
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

template <class D, class V>
HWY_INLINE bool AnyLargeAngle(D d, V x) {
  const V magnitude = hn::Abs(x);
  return !hn::AllFalse(d, hn::And(hn::Ge(magnitude, Constant(d, kLargeAngle)), hn::Lt(magnitude, hn::Inf(d))));
}

// double. Below kLargeAngle: pi/2 in three parts of 53 bits; the first difference is exact by fused multiply-add, the
// second is kept with its error (Dekker 1971, Knuth), so high + low has at least 100 bits of n * pi/2 behind it.
template <class D, class V = hn::VFromD<D>, class U = hn::VFromD<hn::RebindToUnsigned<D>>>
HWY_INLINE Angle<V, U> ReduceAngle(D d, V x) {
  const hn::RebindToUnsigned<D> du;
  const V shifted = hn::MulAdd(x, Constant(d, 0x1.45f306dc9c883p-1), Shifter(d));
  const V n = hn::Sub(shifted, Shifter(d));
  const V first = hn::NegMulAdd(n, Constant(d, 0x1.921fb54442d18p+0), x);
  const V product = hn::Mul(n, Constant(d, 0x1.1a62633145c07p-54));
  const V product_low = hn::MulSub(n, Constant(d, 0x1.1a62633145c07p-54), product);
  const V second = hn::Sub(first, product);
  const V taken = hn::Sub(second, first);
  const V lost = hn::Sub(hn::Sub(first, hn::Sub(second, taken)), hn::Add(product, taken));
  const V rest = hn::NegMulAdd(n, Constant(d, -0x1.f1976b7ed8fbcp-110), hn::Sub(lost, product_low));
  V high = hn::Add(second, rest);
  V low = hn::Add(hn::Sub(second, high), rest);
  U quadrant = hn::And(hn::BitCast(du, shifted), hn::Set(du, 3));
  if (HWY_UNLIKELY(AnyLargeAngle(d, x))) ReduceLargeLanes(d, x, high, low, quadrant);
  return {high, low, quadrant};
}

// sin and cos of high + low, |high| <= pi/4: r + r^3 S(r^2) and 1 - r^2/2 + r^4 C(r^2), S and C minimax by
// tools/math/minimax.py, relative error 2^-57.8 and 2^-63.9; `low` enters by its first-order term.
template <class V>
struct SinCos {
  V sin, cos;
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
  const V sin = hn::Add(high, hn::MulAdd(hn::Mul(high, z), s, hn::Mul(low, rest)));
  const V lost = hn::Sub(hn::Sub(one, rest), half);
  const V cos = hn::Add(rest, hn::Add(lost, hn::MulAdd(hn::Mul(z, z), c, hn::Neg(hn::Mul(high, low)))));
  return {sin, cos};
}

// sin(angle + quarter_turns * pi/2), double.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V SinDouble(D d, V x, uint64_t quarter_turns) {
  const hn::RebindToUnsigned<D> du;
  const auto angle = ReduceAngle(d, x);
  const auto both = SinCosOfReduced(d, angle.high, angle.low);
  const auto quadrant = hn::Add(angle.quadrant, hn::Set(du, quarter_turns));
  const auto is_even = hn::RebindMask(d, hn::Eq(hn::And(quadrant, hn::Set(du, 1)), hn::Zero(du)));
  const V sign = hn::BitCast(d, hn::ShiftLeft<62>(hn::And(quadrant, hn::Set(du, 2))));
  return hn::Xor(hn::IfThenElse(is_even, both.sin, both.cos), sign);
}

// sin(x) for kHalfTurn = 0, cos(x) for 0.5, of floats held in double: x = n pi + r with n an integer plus kHalfTurn, so
// |r| <= pi/2, and the result is (-1)^n sin(r) = r + r^3 S(r^2). pi in two parts, the first difference exact by fused
// multiply-add; S minimax by tools/math/minimax.py, relative error 2^-35.3.
struct SinOfFloats {
  double half_turn;

  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const hn::RebindToUnsigned<D> du;
    const V turns = hn::MulSub(x, Constant(d, 0x1.45f306dc9c883p-2), Constant(d, half_turn));
    const V shifted = hn::Add(turns, Shifter(d));
    const V n = hn::Add(hn::Sub(shifted, Shifter(d)), Constant(d, half_turn));
    V r = hn::NegMulAdd(n, Constant(d, 0x1.921fb54442d18p+1), x);
    r = hn::NegMulAdd(n, Constant(d, 0x1.1a62633145c07p-53), r);
    // cos(n pi + r) with n = m + 1/2 is (-1)^(m + 1) sin(r).
    auto sign = hn::ShiftLeft<63>(hn::BitCast(du, shifted));
    if (half_turn != 0) sign = hn::Xor(sign, hn::Set(du, uint64_t{1} << 63));
    if (HWY_UNLIKELY(AnyLargeAngle(d, x))) ReplaceLarge(d, x, r, sign);
    const V z = hn::Mul(r, r);
    const V s = Polynomial(d, z, -0x1.5555554766777p-3, 0x1.11110c49279b9p-7, -0x1.a017d955025c1p-13,
                           0x1.7170760e5dc2dp-19, -0x1.9a679bcc4cedfp-26);
    const V sin = hn::Mul(r, hn::MulAdd(z, s, Constant(d, 1.0)));
    return hn::Xor(sin, hn::BitCast(d, sign));
  }

  // The large lanes' quadrant and rest as r and sign: sin of an odd quadrant is cos(rest) = sin(pi/2 - |rest|).
  template <class D, class V, class U>
  HWY_INLINE void ReplaceLarge(D d, V x, V& r, U& sign) const {
    const hn::RebindToUnsigned<D> du;
    const V magnitude = hn::Abs(x);
    const auto is_large = hn::And(hn::Ge(magnitude, Constant(d, kLargeAngle)), hn::Lt(magnitude, hn::Inf(d)));
    V high = r, low = hn::Zero(d);
    U quadrant = hn::Zero(du);
    ReduceLargeLanes(d, x, high, low, quadrant);
    if (half_turn != 0) quadrant = hn::Add(quadrant, hn::Set(du, 1));
    const auto is_even = hn::Eq(hn::And(quadrant, hn::Set(du, 1)), hn::Zero(du));
    const V rest =
        hn::IfThenElse(hn::RebindMask(d, is_even), high, hn::Sub(Constant(d, 0x1.921fb54442d18p+0), hn::Abs(high)));
    const auto turned = hn::ShiftLeft<62>(hn::And(quadrant, hn::Set(du, 2)));
    r = hn::IfThenElse(is_large, rest, r);
    sign = hn::IfThenElse(hn::RebindMask(du, is_large), turned, sign);
  }
};

// Sine; float below 1 ulp (computed in double and rounded once), double below 2 ulp, for all finite arguments.
// sin(+-inf) is NaN.
template <class D, class V>
HWY_INLINE V Sin(D d, V x) {
  if constexpr (kIsDouble<D>) {
    const auto is_tiny = hn::Lt(hn::Abs(x), Constant(d, 0x1p-27));
    return hn::IfThenElse(is_tiny, x, SinDouble(d, x, 0));
  } else {
    return InDoubles(d, SinOfFloats{0.0}, x);
  }
}

// Cosine, as Sin.
template <class D, class V>
HWY_INLINE V Cos(D d, V x) {
  if constexpr (kIsDouble<D>) {
    return SinDouble(d, x, 1);
  } else {
    return InDoubles(d, SinOfFloats{0.5}, x);
  }
}

// tan of floats held in double: sin / cos of the reduced angle, or -cos / sin in odd quadrants.
struct TanOfFloats {
  template <class D, class V>
  HWY_INLINE V operator()(D d, V x) const {
    const hn::RebindToUnsigned<D> du;
    const auto angle = ReduceAngle(d, x);
    const auto both = SinCosOfReduced(d, angle.high, angle.low);
    const auto is_even = hn::RebindMask(d, hn::Eq(hn::And(angle.quadrant, hn::Set(du, 1)), hn::Zero(du)));
    const V above = hn::IfThenElse(is_even, both.sin, hn::Neg(both.cos));
    const V tan = hn::Div(above, hn::IfThenElse(is_even, both.cos, both.sin));
    return hn::IfThenElse(hn::Lt(hn::Abs(x), Constant(d, 0x1p-27)), x, tan);
  }
};

// Tangent, float, below 1 ulp (computed in double and rounded once). tan(+-inf) is NaN.
template <class D, class V>
HWY_INLINE V Tan(D d, V x) {
  return InDoubles(d, TanOfFloats(), x);
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
