#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/status.h"

// How parts of gradients and weights are written into the messages between ranks: without loss, most of them packed
// (kernels/byte_planes.h) behind their size.
namespace cllm {

// A part of the flat buffer, [begin, begin + size).
struct Part {
  size_t begin = 0, size = 0;
};

// Writes parts, one after the other, into a buffer.
class PartWriter {
 public:
  explicit PartWriter(std::span<std::byte> buffer) : buffer_(buffer) {}

  // Of an accumulator.
  void Integers(std::span<const int64_t> values);
  // Of weights, as what differs from what the reader has: `before`, which becomes `values`.
  void Floats(std::span<const float> values, std::span<float> before);
  // Of weights that products read as bf16, and nothing else reads: rounded to that.
  void RoundedFloats(std::span<const float> values);
  size_t size() const { return size_; }

  // The most bytes that so many elements in so many parts take.
  static size_t MostBytes(size_t elements, size_t parts);

 private:
  template <typename Pack>
  void Packed(size_t bound, const Pack& pack);

  std::span<std::byte> buffer_;
  size_t size_ = 0;
};

// Reads what a PartWriter wrote. Error: it is not that.
class PartReader {
 public:
  explicit PartReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Status AddIntegers(std::span<int64_t> sum);
  Status Integers(std::span<int64_t> values);
  Status Floats(std::span<float> values);  // which hold the reader's before
  Status RoundedFloats(std::span<float> values);
  Status End() const;

 private:
  Result<std::span<const std::byte>> Next(size_t bytes);

  Result<std::span<const std::byte>> NextPacked();

  std::span<const std::byte> bytes_;
};

// Rounds weights, in place, to what products in bf16 read of them.
void RoundToBf16(std::span<float> values);

}  // namespace cllm
