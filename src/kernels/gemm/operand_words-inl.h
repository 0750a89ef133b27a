// The words in which the tiles of the matrix product read their operands. Compiled once per SIMD target.
#if defined(CLLM_KERNELS_GEMM_OPERAND_WORDS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_GEMM_OPERAND_WORDS_INL_H_
#undef CLLM_KERNELS_GEMM_OPERAND_WORDS_INL_H_
#else
#define CLLM_KERNELS_GEMM_OPERAND_WORDS_INL_H_
#endif

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "hwy/highway.h"
#include "kernels/gemm/bf16_tile.h"
#include "kernels/gemm/panels.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Depth is read in pairs (k, k + 1), k even; where the last pair is half, its odd value is zero.
enum class OperandWords {
  kFloats,      // a float for each k, no pairs
  kBf16Floats,  // bf16 values as floats, the odd one of a pair before the even one
  kBf16Pairs,   // one word for each pair: the even value in its low half, the odd one in its high half
};

// The words of a precision on this processor.
inline OperandWords OperandWordsOf(Precision precision) {
  if (precision == Precision::kFp32) return OperandWords::kFloats;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
  if (UsesBf16Dot()) return OperandWords::kBf16Pairs;
#endif
  return OperandWords::kBf16Floats;
}

// Calls body(words) with the words of a precision as a constant.
template <typename Body>
HWY_INLINE void WithOperandWords(Precision precision, const Body& body) {
  switch (OperandWordsOf(precision)) {
    case OperandWords::kFloats:
      return body(std::integral_constant<OperandWords, OperandWords::kFloats>());
    case OperandWords::kBf16Floats:
      return body(std::integral_constant<OperandWords, OperandWords::kBf16Floats>());
    case OperandWords::kBf16Pairs:
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
      return body(std::integral_constant<OperandWords, OperandWords::kBf16Pairs>());
#else
      return;
#endif
  }
}

// Words for `depth` values.
constexpr size_t WordCount(OperandWords words, size_t depth) {
  switch (words) {
    case OperandWords::kFloats:
      return depth;
    case OperandWords::kBf16Floats:
      return (depth + 1) / 2 * 2;
    case OperandWords::kBf16Pairs:
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
template <OperandWords kWords, class D>
HWY_INLINE hn::Vec<D> FirstWord(D d, hn::Vec<D> even, hn::Vec<D> odd) {
  if constexpr (kWords == OperandWords::kFloats) return even;
  if constexpr (kWords == OperandWords::kBf16Floats) return RoundToBf16(d, odd);
  const hn::RebindToUnsigned<D> du;
  const auto low = hn::ShiftRight<16>(hn::BitCast(du, RoundToBf16(d, even)));
  return hn::BitCast(d, hn::Or(low, hn::BitCast(du, RoundToBf16(d, odd))));
}

// The second word of a pair. REQUIRES: not kWords, whose pairs have one.
template <OperandWords kWords, class D>
HWY_INLINE hn::Vec<D> SecondWord(D d, hn::Vec<D> even, hn::Vec<D> odd) {
  return kWords == OperandWords::kFloats ? odd : RoundToBf16(d, even);
}

// Stores a pair's words, the second one `stride` floats after the first.
template <OperandWords kWords, class D>
HWY_INLINE void PutPair(D d, hn::Vec<D> even, hn::Vec<D> odd, float* HWY_RESTRICT to, size_t stride) {
  hn::StoreU(FirstWord<kWords>(d, even, odd), d, to);
  if constexpr (kWords != OperandWords::kBf16Pairs) hn::StoreU(SecondWord<kWords>(d, even, odd), d, to + stride);
}

// The same for half a pair.
template <OperandWords kWords, class D>
HWY_INLINE void PutHalf(D d, hn::Vec<D> even, float* HWY_RESTRICT to, size_t stride) {
  if constexpr (kWords == OperandWords::kFloats) {
    hn::StoreU(even, d, to);
  } else {
    PutPair<kWords>(d, even, hn::Zero(d), to, stride);
  }
}

// PutPair or PutHalf of one column.
template <OperandWords kWords>
HWY_INLINE void PutOne(const float* even, const float* odd, float* HWY_RESTRICT to, size_t stride) {
  const hn::CappedTag<float, 1> d;
  if (odd != nullptr) {
    PutPair<kWords>(d, hn::LoadU(d, even), hn::LoadU(d, odd), to, stride);
  } else {
    PutHalf<kWords>(d, hn::LoadU(d, even), to, stride);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif  // CLLM_KERNELS_GEMM_OPERAND_WORDS_INL_H_
