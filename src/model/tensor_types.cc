#include "model/tensor_types.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/check.h"
#include "kernels/gemm/panels.h"
#include "kernels/quantize.h"

namespace cllm {
namespace {

constexpr std::array<std::pair<TensorType, std::string_view>, 4> kNames = {
    {{TensorType::kF32, "F32"}, {TensorType::kF16, "F16"}, {TensorType::kBF16, "BF16"}, {TensorType::kQ8_0, "Q8_0"}}};

constexpr size_t kBlock = 32;                // numbers of a Q8_0 block
constexpr size_t kBlockBytes = 2 + kBlock;   // its scale, its numbers
constexpr uint32_t kMagnitude = 0x7fffffff;  // all bits of a float but the sign
constexpr uint32_t kInfinity = 0x7f800000;   // of a float; NaNs are above
constexpr uint16_t kHalfInfinity = 0x7c00, kHalfNan = 0x7e00;
constexpr float kOverflow = 65520;            // from here on, halfway to 65536, a half is infinite
constexpr uint32_t kBias = (127 - 15) << 23;  // between the exponents of a float and of a half

uint16_t HalfOf(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  if ((bits & kMagnitude) > kInfinity) return sign | kHalfNan;
  const float magnitude = std::bit_cast<float>(bits & kMagnitude);
  if (magnitude >= kOverflow) return sign | kHalfInfinity;
  const float half = RoundToHalf(magnitude);
  // Below the least normal half, 2^-14, halves are multiples of 2^-24.
  if (half < 0x1p-14f) return sign | static_cast<uint16_t>(half * 0x1p24f);
  return sign | static_cast<uint16_t>((std::bit_cast<uint32_t>(half) - kBias) >> 13);
}

float FloatOfHalf(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16, magnitude = half & 0x7fff;
  uint32_t bits = (magnitude << 13) + kBias;
  if (magnitude < 0x0400) bits = std::bit_cast<uint32_t>(static_cast<float>(magnitude) * 0x1p-24f);
  if (magnitude >= kHalfInfinity) bits = kInfinity | (magnitude & 0x03ff) << 13;
  return std::bit_cast<float>(sign | bits);
}

void Store(uint16_t value, std::byte* to) { std::memcpy(to, &value, sizeof value); }

uint16_t Load(const std::byte* from) {
  uint16_t value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

void EncodeBf16(std::span<const float> row, std::byte* out) {
  std::vector<float> rounded(row.begin(), row.end());
  RoundWeights(rounded.data(), 1, rounded.size(), Storage::kBf16);
  for (size_t i = 0; i < rounded.size(); ++i) {
    Store(static_cast<uint16_t>(std::bit_cast<uint32_t>(rounded[i]) >> 16), out + 2 * i);
  }
}

void EncodeBlock(std::span<const float> block, std::byte* out) {
  int8_t values[kBlock] = {};
  Store(HalfOf(QuantizeQ8(block.data(), block.size(), values)), out);
  std::memcpy(out + 2, values, kBlock);
}

void DecodeBlock(const std::byte* block, std::span<float> out) {
  const float scale = FloatOfHalf(Load(block));
  int8_t values[kBlock];
  std::memcpy(values, block + 2, kBlock);
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(values[i]) * scale;
}

// body(first number, numbers, byte at which it starts) for each block of a row.
template <class Body>
void ForBlocks(size_t columns, Body&& body) {
  for (size_t i = 0; i < columns; i += kBlock) body(i, std::min(kBlock, columns - i), i / kBlock * kBlockBytes);
}

}  // namespace

std::string_view NameOf(TensorType type) {
  const auto found = std::find_if(kNames.begin(), kNames.end(), [=](const auto& entry) { return entry.first == type; });
  CHECK(found != kNames.end());
  return found->second;
}

std::optional<TensorType> FindTensorType(std::string_view name) {
  for (const auto& [type, known] : kNames) {
    if (known == name) return type;
  }
  return std::nullopt;
}

size_t RowBytes(TensorType type, size_t columns) {
  switch (type) {
    case TensorType::kF32: return 4 * columns;
    case TensorType::kF16:
    case TensorType::kBF16: return 2 * columns;
    case TensorType::kQ8_0: return (columns + kBlock - 1) / kBlock * kBlockBytes;
  }
  CHECK(false);
}

void EncodeRow(TensorType type, std::span<const float> row, std::span<std::byte> out) {
  CHECK(out.size() == RowBytes(type, row.size()));
  switch (type) {
    case TensorType::kF32: std::ranges::copy(std::as_bytes(row), out.begin()); return;
    case TensorType::kF16:
      for (size_t i = 0; i < row.size(); ++i) Store(HalfOf(row[i]), out.data() + 2 * i);
      return;
    case TensorType::kBF16: EncodeBf16(row, out.data()); return;
    case TensorType::kQ8_0:
      ForBlocks(row.size(), [&](size_t i, size_t n, size_t at) { EncodeBlock(row.subspan(i, n), out.data() + at); });
      return;
  }
}

void DecodeRow(TensorType type, ByteView row, std::span<float> out) {
  CHECK(row.size() == RowBytes(type, out.size()));
  switch (type) {
    case TensorType::kF32: std::ranges::copy(row, std::as_writable_bytes(out).begin()); return;
    case TensorType::kF16:
      for (size_t i = 0; i < out.size(); ++i) out[i] = FloatOfHalf(Load(row.data() + 2 * i));
      return;
    case TensorType::kBF16:
      for (size_t i = 0; i < out.size(); ++i) {
        out[i] = std::bit_cast<float>(static_cast<uint32_t>(Load(row.data() + 2 * i)) << 16);
      }
      return;
    case TensorType::kQ8_0:
      ForBlocks(out.size(), [&](size_t i, size_t n, size_t at) { DecodeBlock(row.data() + at, out.subspan(i, n)); });
      return;
  }
}

}  // namespace cllm
