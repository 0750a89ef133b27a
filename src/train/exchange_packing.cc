#include "train/exchange_packing.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "kernels/byte_planes.h"
#include "kernels/gemm/panels.h"

namespace cllm {
namespace {

constexpr size_t kRoundedAtOnce = 1024;

Status Damaged() {
  return Failed("a rank sent a part of the gradient or of the weights that is not what it should be");
}

}  // namespace

void RoundToBf16(std::span<float> values) { RoundWeights(values.data(), 1, values.size(), Storage::kBf16); }

size_t PartWriter::MostBytes(size_t elements, size_t parts) {
  // Every part may end within a block.
  return PackedIntegersBound(elements + parts * kPlaneBlock) + parts * sizeof(uint32_t);
}

template <typename Pack>
void PartWriter::Packed(size_t bound, const Pack& pack) {
  CHECK(size_ + sizeof(uint32_t) + bound <= buffer_.size());
  const auto packed = static_cast<uint32_t>(pack(buffer_.data() + size_ + sizeof(uint32_t)));
  std::memcpy(buffer_.data() + size_, &packed, sizeof(packed));
  size_ += sizeof(packed) + packed;
}

void PartWriter::Integers(std::span<const int64_t> values) {
  Packed(PackedIntegersBound(values.size()),
         [values](std::byte* out) { return PackIntegers(values.data(), values.size(), out); });
}

void PartWriter::Floats(std::span<const float> values, std::span<float> before) {
  Packed(PackedFloatsBound(values.size()),
         [=](std::byte* out) { return PackFloats(values.data(), before.data(), values.size(), out); });
  std::memcpy(before.data(), values.data(), values.size_bytes());
}

void PartWriter::RoundedFloats(std::span<const float> values) {
  CHECK(size_ + values.size() * sizeof(uint16_t) <= buffer_.size());
  float rounded[kRoundedAtOnce];
  uint16_t halves[kRoundedAtOnce];
  for (size_t begin = 0; begin < values.size(); begin += kRoundedAtOnce) {
    const size_t n = std::min(kRoundedAtOnce, values.size() - begin);
    std::memcpy(rounded, values.data() + begin, n * sizeof(float));
    RoundToBf16({rounded, n});
    for (size_t i = 0; i < n; ++i) halves[i] = static_cast<uint16_t>(std::bit_cast<uint32_t>(rounded[i]) >> 16);
    std::memcpy(buffer_.data() + size_, halves, n * sizeof(uint16_t));
    size_ += n * sizeof(uint16_t);
  }
}

Result<std::span<const std::byte>> PartReader::Next(size_t bytes) {
  if (bytes > bytes_.size()) return Damaged();
  const std::span<const std::byte> next = bytes_.first(bytes);
  bytes_ = bytes_.subspan(bytes);
  return next;
}

Status PartReader::End() const { return bytes_.empty() ? Status() : Damaged(); }

Result<std::span<const std::byte>> PartReader::NextPacked() {
  CLLM_ASSIGN(const std::span<const std::byte> prefix, Next(sizeof(uint32_t)));
  uint32_t size = 0;
  std::memcpy(&size, prefix.data(), sizeof(size));
  return Next(size);
}

Status PartReader::Integers(std::span<int64_t> values) {
  CLLM_ASSIGN(const std::span<const std::byte> packed, NextPacked());
  return UnpackIntegers(packed, values.data(), values.size());
}

Status PartReader::AddIntegers(std::span<int64_t> sum) {
  CLLM_ASSIGN(const std::span<const std::byte> packed, NextPacked());
  return AddPackedIntegers(packed, sum.data(), sum.size());
}

Status PartReader::Floats(std::span<float> values) {
  CLLM_ASSIGN(const std::span<const std::byte> packed, NextPacked());
  return UnpackFloats(packed, values.data(), values.size());
}

Status PartReader::RoundedFloats(std::span<float> values) {
  CLLM_ASSIGN(const std::span<const std::byte> bytes, Next(values.size() * sizeof(uint16_t)));
  for (size_t i = 0; i < values.size(); ++i) {
    uint16_t half = 0;
    std::memcpy(&half, bytes.data() + i * sizeof(half), sizeof(half));
    values[i] = std::bit_cast<float>(uint32_t{half} << 16);
  }
  return {};
}

}  // namespace cllm
