// In which words the tiles of the matrix product read their operands, compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_FORM_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_FORM_INL_H_
#undef CLLM_KERNELS_GEMM_FORM_INL_H_
#else
#define CLLM_KERNELS_GEMM_FORM_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/bf16_tile.h"
#include "kernels/gemm.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Depth is read in pairs (k, k + 1), k even; where the last pair is half, its odd value is zero.
enum class Form {
  kSingle,  // a float for each k, no pairs
  kFloats,  // bf16 values as floats, the odd one of a pair before the even one
  kWords,   // one word for each pair: the even value in its low half, the odd one in its high half
};

// The form of a precision on this processor. REQUIRES: both operands have it: kFp32 or kBf16.
inline Form FormOf(Precision precision) {
  if (precision == Precision::kFp32) return Form::kSingle;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if (UsesBf16Dot()) return Form::kWords;
#endif
  return Form::kFloats;
}

// Calls body(form) with the form of a precision as a constant.
template <typename Body>
HWY_INLINE void WithForm(Precision precision, const Body& body) {
  switch (FormOf(precision)) {
    case Form::kSingle:
      return body(std::integral_constant<Form, Form::kSingle>());
    case Form::kFloats:
      return body(std::integral_constant<Form, Form::kFloats>());
    case Form::kWords:
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
      return body(std::integral_constant<Form, Form::kWords>());
#else
      return;
#endif
  }
}

// Words for `depth` values.
constexpr size_t WordsOf(Form form, size_t depth) {
  switch (form) {
    case Form::kSingle:
      return depth;
    case Form::kFloats:
      return (depth + 1) / 2 * 2;
    case Form::kWords:
      return (depth + 1) / 2;
  }
  return depth;
}

// Rounded to the nearest bf16, ties to even: floats whose lower 16 bits are zero. Denormals become zero, a NaN a quiet
// one.
template <class D>
HWY_INLINE hn::Vec<D> RoundToBf16(D d, hn::Vec<D> x) {
  const hn::RebindToUnsigned<D> du;
  const auto bits = hn::BitCast(du, x);
  const auto last = hn::And(hn::ShiftRight<16>(bits), hn::Set(du, 1u));
  const auto rounded = hn::Add(hn::Add(bits, hn::Set(du, 0x7fffu)), last);
  const auto quiet = hn::Or(bits, hn::Set(du, 0x00400000u));
  const auto sign = hn::And(bits, hn::Set(du, 0x80000000u));
  const auto magnitude = hn::AndNot(hn::Set(du, 0x80000000u), bits);
  const auto no_nan = hn::IfThenElse(hn::Gt(magnitude, hn::Set(du, 0x7f800000u)), quiet, rounded);
  const auto flushed = hn::IfThenElse(hn::Lt(magnitude, hn::Set(du, 0x00800000u)), sign, no_nan);
  return hn::BitCast(d, hn::And(flushed, hn::Set(du, 0xffff0000u)));
}

// The first word of a pair.
template <Form kForm, class D>
HWY_INLINE hn::Vec<D> FirstWord(D d, hn::Vec<D> even, hn::Vec<D> odd) {
  if constexpr (kForm == Form::kSingle) return even;
  if constexpr (kForm == Form::kFloats) return RoundToBf16(d, odd);
  const hn::RebindToUnsigned<D> du;
  const auto low = hn::ShiftRight<16>(hn::BitCast(du, RoundToBf16(d, even)));
  return hn::BitCast(d, hn::Or(low, hn::BitCast(du, RoundToBf16(d, odd))));
}

// The second word of a pair. REQUIRES: not kWords, whose pairs have one.
template <Form kForm, class D>
HWY_INLINE hn::Vec<D> SecondWord(D d, hn::Vec<D> even, hn::Vec<D> odd) {
  return kForm == Form::kSingle ? odd : RoundToBf16(d, even);
}

// Stores a pair's words, the second one `stride` floats after the first.
template <Form kForm, class D>
HWY_INLINE void PutPair(D d, hn::Vec<D> even, hn::Vec<D> odd, float* HWY_RESTRICT to, size_t stride) {
  hn::StoreU(FirstWord<kForm>(d, even, odd), d, to);
  if constexpr (kForm != Form::kWords) hn::StoreU(SecondWord<kForm>(d, even, odd), d, to + stride);
}

// The same for half a pair.
template <Form kForm, class D>
HWY_INLINE void PutHalf(D d, hn::Vec<D> even, float* HWY_RESTRICT to, size_t stride) {
  if constexpr (kForm == Form::kSingle) {
    hn::StoreU(even, d, to);
  } else {
    PutPair<kForm>(d, even, hn::Zero(d), to, stride);
  }
}

// PutPair or PutHalf of one column.
template <Form kForm>
HWY_INLINE void PutOne(const float* even, const float* odd, float* HWY_RESTRICT to, size_t stride) {
  const hn::CappedTag<float, 1> d;
  if (odd != nullptr) {
    PutPair<kForm>(d, hn::LoadU(d, even), hn::LoadU(d, odd), to, stride);
  } else {
    PutHalf<kForm>(d, hn::LoadU(d, even), to, stride);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_FORM_INL_H_
