// What the functions of vector-inl.h are built of. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_PARTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_PARTS_INL_H_
#undef CLLM_MATH_PARTS_INL_H_
#else
#define CLLM_MATH_PARTS_INL_H_
#endif

#include "hwy/highway.h"

// For lambdas: compiled for the target, and inlined even where they are called twice.
#undef CLLM_INLINE_LAMBDA
#define CLLM_INLINE_LAMBDA HWY_ATTR __attribute__((always_inline))

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class D>
inline constexpr bool kIsDouble = sizeof(hn::TFromD<D>) == sizeof(double);

// value in every lane, rounded to the lane type.
template <class D>
HWY_INLINE hn::VFromD<D> Constant(D d, double value) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(value));
}

// c0 + x * (c1 + x * (c2 + ...)), each step one fused multiply-add.
template <class D>
HWY_INLINE hn::VFromD<D> Polynomial(D d, hn::VFromD<D> /*x*/, double c0) {
  return Constant(d, c0);
}
template <class D, class... Rest>
HWY_INLINE hn::VFromD<D> Polynomial(D d, hn::VFromD<D> x, double c0, Rest... rest) {
  return hn::MulAdd(Polynomial(d, x, rest...), x, Constant(d, c0));
}

// x limited to [low, high]; NaN stays NaN. x86's minimum and maximum return the second operand then, as needed here;
// NEON's forms in Highway would return the number.
template <class D>
HWY_INLINE hn::VFromD<D> LimitAbove(D d, hn::VFromD<D> x, double high) {
#if HWY_ARCH_X86
  return hn::Min(Constant(d, high), x);
#else
  return hn::IfThenElse(hn::Gt(x, Constant(d, high)), Constant(d, high), x);
#endif
}
template <class D>
HWY_INLINE hn::VFromD<D> Limit(D d, hn::VFromD<D> x, double low, double high) {
#if HWY_ARCH_X86
  return LimitAbove(d, hn::Max(Constant(d, low), x), high);
#else
  return LimitAbove(d, hn::IfThenElse(hn::Lt(x, Constant(d, low)), Constant(d, low), x), high);
#endif
}

// Eight floats, kept twice so that vectors of sixteen can look them up as one.
struct EightFloats {
  constexpr EightFloats(float a, float b, float c, float d, float e, float f, float g, float h)
      : values{a, b, c, d, e, f, g, h, a, b, c, d, e, f, g, h} {}
  alignas(64) float values[16];
};

// values[index] in each lane. REQUIRES: 0 <= index < 8.
template <class D>
HWY_INLINE hn::VFromD<D> OneOfEight(D d, const EightFloats& eight, hn::VFromD<hn::RebindToSigned<D>> index) {
  if constexpr (hn::MaxLanes(D()) >= 8) {
    return hn::TableLookupLanes(hn::Load(d, eight.values), hn::IndicesFromVec(d, index));
  } else {
    return hn::GatherIndex(d, eight.values, index);
  }
}

// Four floats, kept four times so that each 128-bit block of a vector has them.
struct FourFloats {
  constexpr FourFloats(float a, float b, float c, float d) : values{a, b, c, d, a, b, c, d, a, b, c, d, a, b, c, d} {}
  alignas(64) float values[16];
};

// values[index modulo 4] in each lane: one step on x86, which permutes inside blocks at full speed.
template <class D>
HWY_INLINE hn::VFromD<D> OneOfFour(D d, const FourFloats& four, hn::VFromD<hn::RebindToUnsigned<D>> index) {
#if HWY_ARCH_X86
  if constexpr (hn::MaxLanes(D()) == 16) {
    return hn::VFromD<D>{_mm512_permutevar_ps(hn::Load(d, four.values).raw, index.raw)};
  } else if constexpr (hn::MaxLanes(D()) == 8) {
    return hn::VFromD<D>{_mm256_permutevar_ps(hn::Load(d, four.values).raw, index.raw)};
  } else {
    return hn::VFromD<D>{_mm_permutevar_ps(hn::Load(hn::Full128<float>(), four.values).raw, index.raw)};
  }
#else
  const hn::RebindToSigned<D> di;
  const auto entry = hn::BitCast(di, hn::And(index, hn::Set(hn::RebindToUnsigned<D>(), 3)));
  if constexpr (hn::MaxLanes(D()) == 4) {
    return hn::TableLookupLanes(hn::Load(d, four.values), hn::IndicesFromVec(d, entry));
  } else {
    return hn::GatherIndex(d, four.values, entry);
  }
#endif
}

// The nearest integer k to a value v, found by adding 1.5 * 2^23 (2^52 for double): `shifted` is that sum, whose low
// bits are k in two's complement. REQUIRES (for a meaning, not for safety): |v| < 2^21 (2^50).
template <class D>
HWY_INLINE hn::VFromD<D> Shifter(D d) {
  return Constant(d, kIsDouble<D> ? 0x1.8p52 : 0x1.8p23);
}

// 2^k as two factors, 2^(k >> 1) and 2^(k - (k >> 1)): a product with the first is exact and with the second rounds
// once, so that results may be subnormal or overflow. `shifted` is k on the Shifter, -252 <= k <= 254 (-2044, 2046).
template <class V>
struct PowerOfTwo {
  V first, second;
};
template <class D, class V = hn::VFromD<D>>
HWY_INLINE PowerOfTwo<V> PowerOfTwoFactors(D d, V shifted) {
  constexpr int kFractionBits = kIsDouble<D> ? 52 : 23;
  const hn::RebindToUnsigned<D> di;
  const auto one = hn::BitCast(di, Constant(d, 1.0));
  const auto bits = hn::BitCast(di, shifted);
  // The Shifter's own bits leave at the top: its low half is zero. Its sign is too, so the shift may be unsigned.
  const auto half = hn::ShiftRight<1>(bits);
  const auto rest = hn::Sub(bits, half);
  return {hn::BitCast(d, hn::Add(hn::ShiftLeft<kFractionBits>(half), one)),
          hn::BitCast(d, hn::Add(hn::ShiftLeft<kFractionBits>(rest), one))};
}
template <class V>
HWY_INLINE V Scale(V x, PowerOfTwo<V> power) {
  return hn::Mul(hn::Mul(x, power.first), power.second);
}

// x * 2^k for a normal result; `shifted` is k on the Shifter. With k = 0 any x is right.
template <class D, class V = hn::VFromD<D>>
HWY_INLINE V ScaleNormal(D d, V x, V shifted) {
  const hn::RebindToUnsigned<D> du;
  return hn::BitCast(d,
                     hn::Add(hn::BitCast(du, x), hn::ShiftLeft < kIsDouble<D> ? 52 : 23 > (hn::BitCast(du, shifted))));
}

// function(args...) out of line, for what few lanes need: inlined it would push the loop's constants out of registers.
template <class Function, class... Args>
HWY_NOINLINE auto Rarely(Function function, Args... args) {
  return function(args...);
}

// The float function computed in double: function(dd, x...) on vectors of double, once where they hold as many lanes as
// D and twice otherwise, rounded to float once at the end.
template <class D, class Function, class... V>
HWY_INLINE hn::VFromD<D> InDoubles(D d, Function function, V... x) {
  if constexpr (hn::MaxLanes(D()) * sizeof(double) <= HWY_MAX_BYTES) {
    const hn::Rebind<double, D> dd;
    return hn::DemoteTo(d, function(dd, hn::PromoteTo(dd, x)...));
  } else {
    const hn::Half<D> half;
    const hn::Rebind<double, decltype(half)> dd;
    const auto low = function(dd, hn::PromoteTo(dd, hn::LowerHalf(half, x))...);
    const auto high = function(dd, hn::PromoteTo(dd, hn::UpperHalf(half, x))...);
    return hn::Combine(d, hn::DemoteTo(half, high), hn::DemoteTo(half, low));
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
