#include "train/exchange_packing.h"

#include <bit>
#include <cstring>

#include "base/check.h"
#include "kernels/gemm/panels.h"

namespace cllm {
namespace {

constexpr size_t kRoundedAtOnce = 1024;

Status Damaged() { return Failed("a rank sent a part of the gradient or of the weights that is not what it should be"); }

}  // namespace

void RoundToBf16(std::span<float> values) { RoundWeights(values.data(), 1, values.size(), Storage::kBf16); }

size_t PartWriter::MostBytes(size_t elements, size_t) { return elements * sizeof(int64_t); }

void PartWriter::Integers(std::span<const int64_t> values) {
  CHECK(size_ + values.size_bytes() <= buffer_.size());
  std::memcpy(buffer_.data() + size_, values.data(), values.size_bytes());
  size_ += values.size_bytes();
}

void PartWriter::Floats(std::span<const float> values, std::span<float> before) {
  CHECK(size_ + values.size_bytes() <= buffer_.size());
  std::memcpy(buffer_.data() + size_, values.data(), values.size_bytes());
  std::memcpy(before.data(), values.data(), values.size_bytes());
  size_ += values.size_bytes();
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

Status PartReader::Integers(std::span<int64_t> values) {
  CLLM_ASSIGN(const std::span<const std::byte> bytes, Next(values.size_bytes()));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return {};
}

Status PartReader::AddIntegers(std::span<int64_t> sum) {
  integers_.resize(sum.size());
  CLLM_TRY(Integers(integers_));
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += integers_[i];
  return {};
}

Status PartReader::Floats(std::span<float> values) {
  CLLM_ASSIGN(const std::span<const std::byte> bytes, Next(values.size_bytes()));
  std::memcpy(values.data(), bytes.data(), bytes.size());
  return {};
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
