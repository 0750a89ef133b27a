#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/status.h"

// Numbers in fewer bytes, exactly, for the way between ranks: accumulators of gradients, and weights beside those
// that the other side has. The same bytes on every target.
//
// In blocks of 64, the last one filled up with zeros. A number is first made a small unsigned one: an integer by
// zig-zag (0, -1, 1, -2, ...), a float by the zig-zag of its distance from the known one in the order of floats. Of a
// block's numbers the low `dense` bits lie in planes: a byte of each for every 8 bits, then a bit of each for the
// bits left over. Numbers that need more bits follow with what exceeds, in whole bytes, where that is shorter: a few
// weights that changed sign would cost all 64 of them 10 bits.
//   u8 dense | 0x80 if numbers exceed; then u8 bytes of an excess, u64 which, the excesses; 8 * dense bytes of planes
namespace cllm {

inline constexpr size_t kPlaneBlock = 64;
// Room that packing n numbers may need; they take less as a rule, and at most this.
constexpr size_t PackedIntegersBound(size_t n) {
  return (n + kPlaneBlock - 1) / kPlaneBlock * (1 + kPlaneBlock * sizeof(int64_t));
}
constexpr size_t PackedFloatsBound(size_t n) {
  return (n + kPlaneBlock - 1) / kPlaneBlock * (1 + kPlaneBlock * sizeof(float));
}

// Return the bytes that were written.
size_t PackIntegers(const int64_t* values, size_t n, std::byte* packed);
// known: of the same places, which the other side has, such as the weights before an update. Any bits, NaN included.
size_t PackFloats(const float* values, const float* known, size_t n, std::byte* packed);

// Error (failed), with the numbers unusable: the bytes are not those of n numbers.
Status UnpackIntegers(ByteView packed, int64_t* values, size_t n);
Status AddPackedIntegers(ByteView packed, int64_t* values, size_t n);  // values[i] += what was packed
Status UnpackFloats(ByteView packed, float* values, size_t n);  // values: the known ones, then those that were packed

}  // namespace cllm
