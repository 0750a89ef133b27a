// Cross-lane sums in one order on every target. Included once per SIMD target (no #pragma once).
#if defined(CLLM_MATH_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_MATH_LANES_INL_H_
#undef CLLM_MATH_LANES_INL_H_
#else
#define CLLM_MATH_LANES_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A sum over 16 virtual lanes: element i is added to lane i % 16 in order of i, and Total adds lanes i and i + 8, then
// +4, +2, +1. Vectors hold kMaxLanes lanes at most: one for AVX-512, two for AVX2, four for NEON, with the same bits;
// T is float or double. Lives in registers; one worker only.
template <typename T, size_t kMaxLanes = 16>
class LaneSum {
 public:
  using D = hn::CappedTag<T, kMaxLanes>;
  using V = hn::VFromD<D>;
  static constexpr size_t kBlock = 16;  // elements to a block
  static constexpr size_t kLanes = hn::MaxLanes(D());
  static constexpr size_t kVectors = kBlock / kLanes;

  HWY_INLINE LaneSum() {
    for (size_t j = 0; j < kVectors; ++j) lanes_[j] = hn::Zero(D());
  }

  // Adds elements [j * kLanes, (j + 1) * kLanes) of a block. REQUIRES: j < kVectors.
  HWY_INLINE void Add(size_t j, V x) { lanes_[j] = hn::Add(lanes_[j], x); }
  // The same for products, by fused multiply-add.
  HWY_INLINE void MulAdd(size_t j, V x, V y) { lanes_[j] = hn::MulAdd(x, y, lanes_[j]); }

  // Adds a block at x, of any alignment.
  HWY_INLINE void AddBlock(const T* x) {
    for (size_t j = 0; j < kVectors; ++j) Add(j, hn::LoadU(D(), x + j * kLanes));
  }
  HWY_INLINE void MulAddBlock(const T* x, const T* y) {
    for (size_t j = 0; j < kVectors; ++j) MulAdd(j, hn::LoadU(D(), x + j * kLanes), hn::LoadU(D(), y + j * kLanes));
  }

  // Adds the last n elements, a part of a block. Missing elements are -0 (products -0 * 0), which change no lane, not
  // even one that is -0; memory beyond n is not read. REQUIRES: n < kBlock.
  HWY_INLINE void AddTail(const T* x, size_t n) {
    T block[kBlock];
    Pad(x, n, T(-0.0), block);
    AddBlock(block);
  }
  HWY_INLINE void MulAddTail(const T* x, const T* y, size_t n) {
    T blocks[2][kBlock];
    Pad(x, n, T(-0.0), blocks[0]);
    Pad(y, n, T(0.0), blocks[1]);
    MulAddBlock(blocks[0], blocks[1]);
  }

  HWY_INLINE T Total() const {
    V lanes[kVectors];
    for (size_t j = 0; j < kVectors; ++j) lanes[j] = lanes_[j];
    for (size_t half = kVectors / 2; half > 0; half /= 2) {
      for (size_t j = 0; j < half; ++j) lanes[j] = hn::Add(lanes[j], lanes[j + half]);
    }
    return Fold(D(), lanes[0]);
  }

 private:
  static HWY_INLINE void Pad(const T* x, size_t n, T padding, T* block) {
    for (size_t i = 0; i < kBlock; ++i) block[i] = i < n ? x[i] : padding;
  }

  // Lanes i and i + N / 2, down to one.
  template <class AnyD>
  static HWY_INLINE T Fold(AnyD /*d*/, hn::VFromD<AnyD> v) {
    if constexpr (hn::MaxLanes(AnyD()) == 1) {
      return hn::GetLane(v);
    } else {
      const hn::Half<AnyD> half;
      return Fold(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
    }
  }

  V lanes_[kVectors];
};

// The sum of n elements, of their products with y and of their squares, in that order. n = 0 gives 0.
template <typename T, size_t kMaxLanes = 16>
HWY_INLINE T LaneSumOf(const T* x, size_t n) {
  LaneSum<T, kMaxLanes> sum;
  size_t i = 0;
  for (; i + sum.kBlock <= n; i += sum.kBlock) sum.AddBlock(x + i);
  if (i < n) sum.AddTail(x + i, n - i);
  return sum.Total();
}
template <typename T, size_t kMaxLanes = 16>
HWY_INLINE T LaneDotOf(const T* x, const T* y, size_t n) {
  LaneSum<T, kMaxLanes> sum;
  size_t i = 0;
  for (; i + sum.kBlock <= n; i += sum.kBlock) sum.MulAddBlock(x + i, y + i);
  if (i < n) sum.MulAddTail(x + i, y + i, n - i);
  return sum.Total();
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
