#include "model/tensor_types.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "base/random.h"
#include "kernels/gemm/panels.h"

namespace cllm {
namespace {

constexpr std::array kEveryType = {TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ8_0};
constexpr float kInfinity = std::numeric_limits<float>::infinity(), kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<std::byte> Encoded(TensorType type, std::span<const float> row) {
  std::vector<std::byte> bytes(RowBytes(type, row.size()));
  EncodeRow(type, row, bytes);
  return bytes;
}

std::vector<float> Decoded(TensorType type, ByteView bytes, size_t columns) {
  std::vector<float> row(columns);
  DecodeRow(type, bytes, row);
  return row;
}

std::vector<float> RoundTrip(TensorType type, const std::vector<float>& row) {
  return Decoded(type, Encoded(type, row), row.size());
}

uint16_t HalfBits(float x) {
  uint16_t bits = 0;
  EncodeRow(TensorType::kF16, {&x, 1}, std::as_writable_bytes(std::span(&bits, 1)));
  return bits;
}

float HalfValue(uint16_t bits) {
  float x = 0;
  DecodeRow(TensorType::kF16, std::as_bytes(std::span(&bits, 1)), {&x, 1});
  return x;
}

// IEEE 754, section 3.4.
double HalfByDefinition(uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -magnitude : magnitude;
}

bool SameBits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Numbers of very different size, both signs.
std::vector<float> Numbers(uint64_t seed, size_t n) {
  std::vector<float> numbers(n);
  for (size_t i = 0; i < n; ++i) {
    const uint64_t bits = RandomBits(seed, i);
    numbers[i] = std::ldexp(UnitFloat(bits) - 0.5f, static_cast<int>(bits % 24) - 20);
  }
  return numbers;
}

TEST(TensorTypes, Names_AreThoseOfFiles_AndFindTheType) {
  EXPECT_EQ(NameOf(TensorType::kQ8_0), "Q8_0");
  EXPECT_EQ(NameOf(TensorType::kBF16), "BF16");
  for (const TensorType type : kEveryType) EXPECT_EQ(FindTensorType(NameOf(type)), type);
  for (const char* name : {"", "F3", "F64", "Q8_1", "f32"}) EXPECT_FALSE(FindTensorType(name)) << name;
}

TEST(TensorTypes, RowBytes_CountsWholeBlocks) {
  EXPECT_EQ(RowBytes(TensorType::kF32, 33), 132u);
  EXPECT_EQ(RowBytes(TensorType::kF16, 33), 66u);
  EXPECT_EQ(RowBytes(TensorType::kBF16, 33), 66u);
  EXPECT_EQ(RowBytes(TensorType::kQ8_0, 32), 34u);
  EXPECT_EQ(RowBytes(TensorType::kQ8_0, 33), 68u);
  for (const TensorType type : kEveryType) EXPECT_EQ(RowBytes(type, 0), 0u);
}

TEST(TensorTypes, F32_KeepsEveryBit) {
  std::vector<float> row = Numbers(1, 70);
  row.insert(row.end(), {-0.0f, kInfinity, -kInfinity, kNan, std::numeric_limits<float>::denorm_min()});
  EXPECT_TRUE(SameBits(RoundTrip(TensorType::kF32, row), row));
}

TEST(TensorTypes, F16_EveryNumber_IsReadAsDefined_AndWrittenAsRead) {
  for (uint32_t i = 0; i < 0x10000; ++i) {
    const uint16_t bits = static_cast<uint16_t>(i);
    const float value = HalfValue(bits);
    if ((bits & 0x7fff) > 0x7c00) {
      ASSERT_TRUE(std::isnan(value)) << i;
      ASSERT_TRUE(std::isnan(HalfValue(HalfBits(value)))) << i;
      continue;
    }
    const double expected = (bits & 0x7fff) == 0x7c00 ? (bits >> 15 ? -kInfinity : kInfinity) : HalfByDefinition(bits);
    ASSERT_EQ(static_cast<double>(value), expected) << i;
    ASSERT_EQ(HalfBits(value), bits) << i;
  }
}

// Between each two neighbours, subnormals too: the middle goes to the even one, what lies beside it to the nearer one.
TEST(TensorTypes, F16_RoundsToNearest_TiesToEven) {
  for (uint16_t low = 0; low < 0x7bff; ++low) {
    const uint16_t high = static_cast<uint16_t>(low + 1), even = low % 2 == 0 ? low : high;
    const float middle = (HalfValue(low) + HalfValue(high)) / 2;
    ASSERT_EQ(HalfBits(middle), even) << low;
    ASSERT_EQ(HalfBits(-middle), even | 0x8000) << low;
    ASSERT_EQ(HalfBits(std::nextafter(middle, 0.0f)), low) << low;
    ASSERT_EQ(HalfBits(std::nextafter(middle, kInfinity)), high) << low;
  }
}

TEST(TensorTypes, F16_Ends) {
  EXPECT_EQ(HalfBits(65504), 0x7bff);
  EXPECT_EQ(HalfBits(std::nextafter(65520.0f, 0.0f)), 0x7bff);
  EXPECT_EQ(HalfBits(65520), 0x7c00);
  EXPECT_EQ(HalfBits(-65520), 0xfc00);
  EXPECT_EQ(HalfBits(-kInfinity), 0xfc00);
  EXPECT_EQ(HalfBits(0x1p-25f), 0);
  EXPECT_EQ(HalfBits(std::numeric_limits<float>::denorm_min()), 0);
  EXPECT_EQ(HalfBits(-0.0f), 0x8000);
}

// What panels hold of a weight is what a file in their type holds.
TEST(TensorTypes, Bf16AndQ8_AreTheNumbersOfRoundWeights) {
  const std::vector<float> special = {0.0f,    -0.0f,     0x1p-130f,  -0x1p-149f, 0x1p127f,
                                      3.4e38f, kInfinity, -kInfinity, kNan};
  for (const auto& [type, storage] :
       {std::pair{TensorType::kBF16, Storage::kBf16}, {TensorType::kQ8_0, Storage::kQ8}}) {
    for (size_t columns = 1; columns < 100; ++columns) {
      for (size_t kind = 0; kind <= special.size(); ++kind) {
        std::vector<float> row = Numbers(columns, columns);
        if (kind < special.size()) row[columns / 2] = special[kind];
        const std::vector<float> read = RoundTrip(type, row);
        RoundWeights(row.data(), 1, columns, storage);
        ASSERT_TRUE(SameBits(read, row)) << NameOf(type) << ", " << columns << " columns, kind " << kind;
      }
    }
  }
}

TEST(TensorTypes, Q8_0_HasTheBytesOfGguf) {
  std::vector<float> row(33);
  for (size_t i = 0; i < 32; ++i) row[i] = 0.5f * static_cast<float>(i);
  row[1] = -63.5f;
  row[32] = 127;
  const std::vector<std::byte> bytes = Encoded(TensorType::kQ8_0, row);
  ASSERT_EQ(bytes.size(), 68u);
  const auto byte = [&](size_t i) { return std::to_integer<int>(bytes[i]); };
  EXPECT_EQ(byte(0) | byte(1) << 8, 0x3800) << "0.5 in half precision";
  EXPECT_EQ(byte(2), 0);
  EXPECT_EQ(byte(3), 256 - 127);
  EXPECT_EQ(byte(33), 31);
  EXPECT_EQ(byte(34) | byte(35) << 8, 0x3c00) << "1 in half precision";
  EXPECT_EQ(byte(36), 127);
  for (size_t i = 37; i < 68; ++i) EXPECT_EQ(byte(i), 0) << "the last block ends in zeros";
  EXPECT_TRUE(SameBits(Decoded(TensorType::kQ8_0, bytes, 33), row));
}

// Numbers of a type stay as they are (the sign of a zero in a Q8_0 block without a scale may not).
TEST(TensorTypes, WhatWasRead_IsWrittenWithoutAChange) {
  for (const TensorType type : kEveryType) {
    for (uint64_t seed = 0; seed < 200; ++seed) {
      std::vector<float> row = Numbers(seed, 1 + seed);
      // Down to scales that are subnormal halves or zero.
      for (float& x : row) x = std::ldexp(x, -static_cast<int>(seed % 30));
      const std::vector<float> read = RoundTrip(type, row);
      ASSERT_EQ(RoundTrip(type, read), read) << NameOf(type) << ", seed " << seed;
    }
  }
}

}  // namespace
}  // namespace cllm
