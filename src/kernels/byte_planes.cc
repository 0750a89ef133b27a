#include "kernels/byte_planes.h"

#include <algorithm>
#include <bit>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/byte_planes.cc"
#include "hwy/foreach_target.h"
#include "kernels/access-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {

// Planes are made of 16 numbers at once, whatever the target's width: their order in memory is that of the numbers.
using PlaneTag = hn::FixedTag<uint8_t, 16>;
using PlaneVector = hn::Vec<PlaneTag>;
constexpr size_t kGroup = 16, kGroups = kPlaneBlock / kGroup;

constexpr uint8_t kExceeds = 0x80;
// How far dense bits may lie below what the largest number needs, and how many bytes excesses may take to be looked at.
constexpr int kDepth = 16;
constexpr int kMostExcess = 40;
constexpr int kExcessHead = 9;  // bytes before the excesses

// Numbers of a block that need more than `bits` bits.
template <class U>
HWY_INLINE int CountAbove(const U* HWY_RESTRICT numbers, int bits) {
  const hn::ScalableTag<U> d;
  int count = 0;
  for (size_t i = 0; i < kPlaneBlock; i += hn::Lanes(d)) {
    const auto above = hn::ShiftRightSame(hn::Load(d, numbers + i), bits);
    count += static_cast<int>(hn::CountTrue(d, hn::Ne(above, hn::Zero(d))));
  }
  return count;
}

template <class U>
HWY_INLINE int BitsNeeded(const U* HWY_RESTRICT numbers) {
  const hn::ScalableTag<U> d;
  auto all = hn::Zero(d);
  for (size_t i = 0; i < kPlaneBlock; i += hn::Lanes(d)) all = hn::Or(all, hn::Load(d, numbers + i));
  alignas(64) U lanes[hn::MaxLanes(hn::ScalableTag<U>())];
  hn::Store(all, d, lanes);
  U any = 0;
  for (size_t i = 0; i < hn::Lanes(d); ++i) any |= lanes[i];
  return static_cast<int>(std::bit_width(any));
}

struct BlockForm {
  int dense;         // bits
  int excess_bytes;  // of a number that needs more; 0: none does
};

template <class U>
HWY_INLINE BlockForm ChooseForm(const U* HWY_RESTRICT numbers) {
  const int most = BitsNeeded(numbers);
  BlockForm best{most, 0};
  int least = 8 * most;
  for (int dense = most - 1; dense >= std::max(0, most - kDepth); --dense) {
    const int excess_bytes = (most - dense + 7) / 8;
    const int excess = CountAbove(numbers, dense) * excess_bytes;
    if (excess > kMostExcess) break;
    const int bytes = 8 * dense + kExcessHead + excess;
    if (bytes >= least) continue;
    least = bytes;
    best = {dense, excess_bytes};
  }
  return best;
}

// Bytes of kGroup numbers, of N each, number after number: one perfect shuffle of them all, which rotates the bits of a
// byte's address, (number, byte), by one. After as many as a number has bits the planes follow one another.
template <size_t N>
HWY_INLINE void Shuffle(PlaneVector (&bytes)[N]) {
  const PlaneTag d;
  PlaneVector shuffled[N];
  for (size_t k = 0; k < N / 2; ++k) {
    shuffled[2 * k] = hn::InterleaveLower(d, bytes[k], bytes[k + N / 2]);
    shuffled[2 * k + 1] = hn::InterleaveUpper(d, bytes[k], bytes[k + N / 2]);
  }
  for (size_t k = 0; k < N; ++k) bytes[k] = shuffled[k];
}

template <class U>
HWY_INLINE void StorePlanes(const U* HWY_RESTRICT numbers, int dense, uint8_t* HWY_RESTRICT planes) {
  constexpr size_t kBytes = sizeof(U);
  const PlaneTag d;
  const size_t whole = static_cast<size_t>(dense) / 8, rest = static_cast<size_t>(dense) % 8;
  for (size_t group = 0; group < kGroups; ++group) {
    const uint8_t* const at = reinterpret_cast<const uint8_t*>(numbers + group * kGroup);
    PlaneVector bytes[kBytes];
    for (size_t k = 0; k < kBytes; ++k) bytes[k] = hn::Load(d, at + 16 * k);
    for (size_t k = 1; k < kGroup; k *= 2) Shuffle(bytes);
    for (size_t k = 0; k < kBytes; ++k) {
      if (k < whole) hn::StoreU(bytes[k], d, planes + k * kPlaneBlock + group * kGroup);
      if (k != whole) continue;
      for (size_t bit = 0; bit < rest; ++bit) {
        const auto mask = hn::TestBit(bytes[k], hn::Set(d, static_cast<uint8_t>(1 << bit)));
        hn::StoreMaskBits(d, mask, planes + whole * kPlaneBlock + bit * (kPlaneBlock / 8) + group * (kGroup / 8));
      }
    }
  }
}

template <class U>
HWY_INLINE void LoadPlanes(const uint8_t* HWY_RESTRICT planes, int dense, U* HWY_RESTRICT numbers) {
  constexpr size_t kBytes = sizeof(U);
  const PlaneTag d;
  const size_t whole = static_cast<size_t>(dense) / 8, rest = static_cast<size_t>(dense) % 8;
  for (size_t group = 0; group < kGroups; ++group) {
    PlaneVector bytes[kBytes];
    for (size_t k = 0; k < kBytes; ++k) {
      bytes[k] = hn::Zero(d);
      if (k < whole) bytes[k] = hn::LoadU(d, planes + k * kPlaneBlock + group * kGroup);
      if (k != whole) continue;
      for (size_t bit = 0; bit < rest; ++bit) {
        const auto mask =
            hn::LoadMaskBits(d, planes + whole * kPlaneBlock + bit * (kPlaneBlock / 8) + group * (kGroup / 8));
        bytes[k] = hn::Or(bytes[k], hn::IfThenElseZero(mask, hn::Set(d, static_cast<uint8_t>(1 << bit))));
      }
    }
    for (size_t k = 1; k < kBytes; k *= 2) Shuffle(bytes);
    uint8_t* const at = reinterpret_cast<uint8_t*>(numbers + group * kGroup);
    for (size_t k = 0; k < kBytes; ++k) hn::Store(bytes[k], d, at + 16 * k);
  }
}

// A bit of each number: whether it needs more than `bits` bits.
template <class U>
HWY_INLINE uint64_t WhichAbove(const U* HWY_RESTRICT numbers, int bits) {
  const hn::ScalableTag<U> d;
  uint64_t which = 0;
  for (size_t i = 0; i < kPlaneBlock; i += hn::Lanes(d)) {
    const auto above = hn::ShiftRightSame(hn::Load(d, numbers + i), bits);
    uint64_t some = 0;
    uint8_t mask[8];
    const size_t bytes = hn::StoreMaskBits(d, hn::Ne(above, hn::Zero(d)), mask);
    std::memcpy(&some, mask, bytes);
    which |= some << i;
  }
  return which;
}

template <class U>
HWY_INLINE uint8_t* StoreExcesses(const U* HWY_RESTRICT numbers, BlockForm form, uint8_t* HWY_RESTRICT out) {
  uint64_t which = WhichAbove(numbers, form.dense);
  *out++ = static_cast<uint8_t>(form.excess_bytes);
  std::memcpy(out, &which, sizeof(which));
  out += sizeof(which);
  for (; which != 0; which &= which - 1) {
    U excess = numbers[std::countr_zero(which)] >> form.dense;
    for (int k = 0; k < form.excess_bytes; ++k, excess >>= 8) *out++ = static_cast<uint8_t>(excess);
  }
  return out;
}

template <class U>
HWY_INLINE uint8_t* PackBlock(const U* HWY_RESTRICT numbers, uint8_t* HWY_RESTRICT out) {
  const BlockForm form = ChooseForm(numbers);
  *out++ = static_cast<uint8_t>(form.dense | (form.excess_bytes > 0 ? kExceeds : 0));
  if (form.excess_bytes > 0) out = StoreExcesses(numbers, form, out);
  StorePlanes(numbers, form.dense, out);
  return out + 8 * form.dense;
}

// Reads a block and moves on; false if it is cut or none.
template <class U>
HWY_INLINE bool UnpackBlock(const uint8_t*& in, const uint8_t* end, U* HWY_RESTRICT numbers) {
  if (in == end) return false;
  const int dense = *in & ~kExceeds;
  const bool exceeds = (*in++ & kExceeds) != 0;
  uint64_t which = 0;
  int excess_bytes = 0;
  if (exceeds) {
    if (end - in < kExcessHead) return false;
    excess_bytes = *in++;
    std::memcpy(&which, in, sizeof(which));
    in += sizeof(which);
  }
  const uint8_t* const excesses = in;
  const int kMostBits = 8 * static_cast<int>(sizeof(U));
  if (excess_bytes > static_cast<int>(sizeof(U)) || dense > kMostBits || (exceeds && dense == kMostBits)) return false;
  const int excess_size = std::popcount(which) * excess_bytes;
  if (end - in < excess_size + 8 * dense) return false;
  in += excess_size;
  LoadPlanes(in, dense, numbers);
  in += 8 * dense;
  const uint8_t* at = excesses;
  for (; which != 0; which &= which - 1) {
    U excess = 0;
    for (int k = 0; k < excess_bytes; ++k) excess |= static_cast<U>(static_cast<U>(*at++) << (8 * k));
    numbers[std::countr_zero(which)] |= static_cast<U>(excess << dense);
  }
  return true;
}

// Zig-zag of vectors of signed numbers, and back.
template <class D, class V>
HWY_INLINE hn::VFromD<hn::RebindToUnsigned<D>> ZigZag(D /*d*/, V v) {
  return hn::BitCast(hn::RebindToUnsigned<D>(), hn::Xor(hn::ShiftLeft<1>(v), hn::BroadcastSignBit(v)));
}
template <class D, class V>
HWY_INLINE hn::VFromD<hn::RebindToSigned<D>> UnZigZag(D d, V z) {
  const hn::RebindToSigned<D> di;
  const auto sign = hn::Neg(hn::BitCast(di, hn::And(z, hn::Set(d, 1))));
  return hn::Xor(hn::BitCast(di, hn::ShiftRight<1>(z)), sign);
}

// A float's place in the order of floats, -0 just below +0, from its bits; the same function leads back.
template <class DI, class V>
HWY_INLINE V FloatOrder(DI di, V bits) {
  return hn::Xor(bits, hn::And(hn::BroadcastSignBit(bits), hn::Set(di, 0x7fffffff)));
}

size_t PackIntegers(const int64_t* HWY_RESTRICT values, size_t n, uint8_t* HWY_RESTRICT packed) {
  const hn::ScalableTag<int64_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  alignas(64) uint64_t numbers[kPlaneBlock];
  uint8_t* out = packed;
  for (size_t begin = 0; begin < n; begin += kPlaneBlock) {
    const size_t count = std::min(kPlaneBlock, n - begin);
    if (count < kPlaneBlock) std::memset(numbers, 0, sizeof(numbers));
    ForEachVector(d, count, [&](size_t i, auto access) HWY_ATTR {
      access.Store(ZigZag(d, access.Load(d, values + begin + i)), du, numbers + i);
    });
    out = PackBlock(numbers, out);
  }
  return static_cast<size_t>(out - packed);
}

template <class Combine>
HWY_INLINE bool UnpackIntegersWith(const uint8_t* in, size_t size, int64_t* HWY_RESTRICT values, size_t n,
                                   Combine combine) {
  const hn::ScalableTag<int64_t> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  alignas(64) uint64_t numbers[kPlaneBlock];
  const uint8_t* const end = in + size;
  for (size_t begin = 0; begin < n; begin += kPlaneBlock) {
    if (!UnpackBlock(in, end, numbers)) return false;
    ForEachVector(d, std::min(kPlaneBlock, n - begin), [&](size_t i, auto access) HWY_ATTR {
      combine(d, UnZigZag(du, hn::Load(du, numbers + i)), values + begin + i, access);
    });
  }
  return in == end;
}

bool UnpackIntegers(const uint8_t* in, size_t size, int64_t* HWY_RESTRICT values, size_t n) {
  return UnpackIntegersWith(in, size, values, n,
                            [](auto d, auto value, int64_t* at, auto access) HWY_ATTR { access.Store(value, d, at); });
}

bool AddPackedIntegers(const uint8_t* in, size_t size, int64_t* HWY_RESTRICT values, size_t n) {
  return UnpackIntegersWith(in, size, values, n, [](auto d, auto value, int64_t* at, auto access) HWY_ATTR {
    access.Store(hn::Add(access.Load(d, at), value), d, at);
  });
}

size_t PackFloats(const float* HWY_RESTRICT values, const float* HWY_RESTRICT known, size_t n,
                  uint8_t* HWY_RESTRICT packed) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  alignas(64) uint32_t numbers[kPlaneBlock];
  uint8_t* out = packed;
  for (size_t begin = 0; begin < n; begin += kPlaneBlock) {
    const size_t count = std::min(kPlaneBlock, n - begin);
    if (count < kPlaneBlock) std::memset(numbers, 0, sizeof(numbers));
    ForEachVector(d, count, [&](size_t i, auto access) HWY_ATTR {
      const auto now = FloatOrder(di, hn::BitCast(di, access.Load(d, values + begin + i)));
      const auto before = FloatOrder(di, hn::BitCast(di, access.Load(d, known + begin + i)));
      access.Store(ZigZag(di, hn::Sub(now, before)), du, numbers + i);
    });
    out = PackBlock(numbers, out);
  }
  return static_cast<size_t>(out - packed);
}

bool UnpackFloats(const uint8_t* in, size_t size, float* HWY_RESTRICT values, size_t n) {
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  alignas(64) uint32_t numbers[kPlaneBlock];
  const uint8_t* const end = in + size;
  for (size_t begin = 0; begin < n; begin += kPlaneBlock) {
    if (!UnpackBlock(in, end, numbers)) return false;
    ForEachVector(d, std::min(kPlaneBlock, n - begin), [&](size_t i, auto access) HWY_ATTR {
      const auto before = FloatOrder(di, hn::BitCast(di, access.Load(d, values + begin + i)));
      const auto now = hn::Add(before, UnZigZag(du, hn::Load(du, numbers + i)));
      access.Store(hn::BitCast(d, FloatOrder(di, now)), d, values + begin + i);
    });
  }
  return in == end;
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {

HWY_EXPORT(PackIntegers);
HWY_EXPORT(PackFloats);
HWY_EXPORT(UnpackIntegers);
HWY_EXPORT(AddPackedIntegers);
HWY_EXPORT(UnpackFloats);

namespace {

uint8_t* Bytes(std::byte* at) { return reinterpret_cast<uint8_t*>(at); }
const uint8_t* Bytes(ByteView bytes) { return reinterpret_cast<const uint8_t*>(bytes.data()); }

Status Unpacked(bool good) {
  if (good) return {};
  return Failed("packed numbers are damaged: they are cut, or not as many as expected");
}

}  // namespace

size_t PackIntegers(const int64_t* values, size_t n, std::byte* packed) {
  return HWY_DYNAMIC_DISPATCH(PackIntegers)(values, n, Bytes(packed));
}
size_t PackFloats(const float* values, const float* known, size_t n, std::byte* packed) {
  return HWY_DYNAMIC_DISPATCH(PackFloats)(values, known, n, Bytes(packed));
}
Status UnpackIntegers(ByteView packed, int64_t* values, size_t n) {
  return Unpacked(HWY_DYNAMIC_DISPATCH(UnpackIntegers)(Bytes(packed), packed.size(), values, n));
}
Status AddPackedIntegers(ByteView packed, int64_t* values, size_t n) {
  return Unpacked(HWY_DYNAMIC_DISPATCH(AddPackedIntegers)(Bytes(packed), packed.size(), values, n));
}
Status UnpackFloats(ByteView packed, float* values, size_t n) {
  return Unpacked(HWY_DYNAMIC_DISPATCH(UnpackFloats)(Bytes(packed), packed.size(), values, n));
}

}  // namespace cllm
#endif  // HWY_ONCE
