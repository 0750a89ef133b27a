// Loops over rows with tails, inside a SIMD target. Included once per target (no #pragma once).
#if defined(CLLM_KERNELS_ACCESS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CLLM_KERNELS_ACCESS_INL_H_
#undef CLLM_KERNELS_ACCESS_INL_H_
#else
#define CLLM_KERNELS_ACCESS_INL_H_
#endif

#include <cstddef>
#include <cstring>

#include "hwy/highway.h"
#include "math/lanes-inl.h"

// x86 has masked loads and stores of 4- and 8-byte lanes that leave the other lanes' memory alone; elsewhere tails go
// through a buffer. (Highway's HWY_MEM_OPS_MIGHT_FAULT also counts narrower lanes.)
#undef CLLM_MASKED_ACCESS_FAULTS
#if HWY_ARCH_X86
#define CLLM_MASKED_ACCESS_FAULTS 0
#else
#define CLLM_MASKED_ACCESS_FAULTS 1
#endif

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The vector of the sums of rows: at most the 16 virtual lanes, whatever the target offers.
using RowTag = LaneSum<float>::D;

// A full vector at p, of any alignment.
struct WholeVector {
  template <class D>
  HWY_INLINE hn::VFromD<D> Load(D d, const hn::TFromD<D>* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void Store(hn::VFromD<D> v, D d, hn::TFromD<D>* p) const {
    hn::StoreU(v, d, p);
  }
  // The lanes that exist take `value`, the others `rest`.
  template <class D>
  HWY_INLINE hn::VFromD<D> Pad(D /*d*/, hn::VFromD<D> value, hn::VFromD<D> /*rest*/) const {
    return value;
  }
};

// The first `count` lanes at p; the others load as zero, are never stored and never touched in memory.
struct PartVector {
  size_t count;

  template <class D>
  HWY_INLINE hn::VFromD<D> Load(D d, const hn::TFromD<D>* p) const {
#if CLLM_MASKED_ACCESS_FAULTS
    alignas(64) hn::TFromD<D> lanes[hn::MaxLanes(D())] = {};
    std::memcpy(lanes, p, count * sizeof(lanes[0]));
    return hn::Load(d, lanes);
#else
    return hn::MaskedLoad(hn::FirstN(d, count), d, p);
#endif
  }
  template <class D>
  HWY_INLINE void Store(hn::VFromD<D> v, D d, hn::TFromD<D>* p) const {
#if CLLM_MASKED_ACCESS_FAULTS
    alignas(64) hn::TFromD<D> lanes[hn::MaxLanes(D())];
    hn::Store(v, d, lanes);
    std::memcpy(p, lanes, count * sizeof(lanes[0]));
#else
    hn::BlendedStore(v, hn::FirstN(d, count), d, p);
#endif
  }
  template <class D>
  HWY_INLINE hn::VFromD<D> Pad(D d, hn::VFromD<D> value, hn::VFromD<D> rest) const {
    return hn::IfThenElse(hn::FirstN(d, count), value, rest);
  }
};

// The first `count` lanes at p, with room for the whole vector in memory: the others load as they are and are stored as
// zero. Saves the masked store, which is slow on many processors.
struct RoomyVector {
  size_t count;

  template <class D>
  HWY_INLINE hn::VFromD<D> Load(D d, const hn::TFromD<D>* p) const {
    return hn::LoadU(d, p);
  }
  template <class D>
  HWY_INLINE void Store(hn::VFromD<D> v, D d, hn::TFromD<D>* p) const {
    hn::StoreU(hn::IfThenElseZero(hn::FirstN(d, count), v), d, p);
  }
  template <class D>
  HWY_INLINE hn::VFromD<D> Pad(D d, hn::VFromD<D> value, hn::VFromD<D> rest) const {
    return hn::IfThenElse(hn::FirstN(d, count), value, rest);
  }
};

// Calls body(i, access) for each vector of [0, n), first element i; access loads and stores its lanes.
template <class D, class Body>
HWY_INLINE void ForEachVector(D d, size_t n, Body body) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, WholeVector());
  if (i < n) body(i, PartVector{n - i});
}

// The same for a row that ends at n but whose memory up to `room` >= n may be read, and be overwritten with zeros.
template <class D, class Body>
HWY_INLINE void ForEachVector(D d, size_t n, size_t room, Body body) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(i, WholeVector());
  if (i == n) return;
  if (i + lanes <= room) {
    body(i, RoomyVector{n - i});
  } else {
    body(i, PartVector{n - i});
  }
}

// Calls body(i, k, access) for each vector of [0, n); k < LaneSum::kVectors is its place within a block of 16 elements.
template <class D, class Body>
HWY_INLINE void ForEachVectorOfBlock(D /*d*/, size_t n, size_t room, Body body) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  constexpr size_t kVectorsOfBlock = 16 / kLanes;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (size_t k = 0; k < kVectorsOfBlock; ++k) body(i + k * kLanes, k, WholeVector());
  }
  for (size_t k = 0; k < kVectorsOfBlock && i < n; ++k, i += kLanes) {
    if (i + kLanes <= n) {
      body(i, k, WholeVector());
    } else if (i + kLanes <= room) {
      body(i, k, RoomyVector{n - i});
    } else {
      body(i, k, PartVector{n - i});
    }
  }
}
template <class D, class Body>
HWY_INLINE void ForEachVectorOfBlock(D d, size_t n, Body body) {
  ForEachVectorOfBlock(d, n, n, body);
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#endif
