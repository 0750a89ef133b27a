#include "kernels/byte_planes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <vector>

#include "kernels/testing/reference_planes.h"
#include "kernels/testing/row_cases.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr std::byte kGuard{0xa5};

// Numbers of all magnitudes: those of a block differ by up to `spread` bits below `most`.
std::vector<int64_t> Integers(uint64_t key, size_t n, int most, int spread) {
  std::vector<int64_t> values(n);
  for (size_t i = 0; i < n; ++i) {
    const uint64_t bits = RandomBits(key, i);
    const int shift = 64 - most + static_cast<int>(RandomBits(key + 1, i) % static_cast<uint64_t>(spread + 1));
    values[i] = shift > 63 ? 0 : static_cast<int64_t>(bits) >> shift;
  }
  return values;
}

// What Pack writes into exactly the promised room, with a guard behind it.
template <typename Pack>
std::vector<std::byte> Packed(size_t bound, Pack pack) {
  std::vector<std::byte> room(bound + 64, kGuard);
  const size_t size = pack(room.data());
  EXPECT_LE(size, bound);
  for (size_t i = bound; i < room.size(); ++i) EXPECT_EQ(room[i], kGuard) << "behind the promised room";
  room.resize(size);
  return room;
}

std::vector<std::byte> Packed(const std::vector<int64_t>& values) {
  return Packed(PackedIntegersBound(values.size()),
                [&](std::byte* out) { return PackIntegers(values.data(), values.size(), out); });
}

std::vector<std::byte> Packed(const std::vector<float>& values, const std::vector<float>& known) {
  return Packed(PackedFloatsBound(values.size()),
                [&](std::byte* out) { return PackFloats(values.data(), known.data(), values.size(), out); });
}

void ExpectBytes(const std::vector<std::byte>& packed, const std::vector<uint8_t>& expected) {
  ASSERT_EQ(packed.size(), expected.size());
  ASSERT_TRUE(packed.empty() || std::memcmp(packed.data(), expected.data(), packed.size()) == 0);
}

void ExpectRoundTrip(const std::vector<int64_t>& values) {
  const auto packed = Packed(values);
  ExpectBytes(packed, reference::PackIntegers(values.data(), values.size()));
  std::vector<int64_t> back(values.size() + 2, 77);
  ASSERT_TRUE(UnpackIntegers(packed, back.data() + 1, values.size()).ok());
  ASSERT_TRUE(std::equal(values.begin(), values.end(), back.begin() + 1));
  ASSERT_TRUE(back.front() == 77 && back.back() == 77) << "beside the numbers";
  std::vector<int64_t> sums = Integers(9, values.size(), 64, 3), expected = sums;
  for (size_t i = 0; i < sums.size(); ++i) {
    expected[i] = static_cast<int64_t>(static_cast<uint64_t>(sums[i]) + static_cast<uint64_t>(values[i]));
  }
  ASSERT_TRUE(AddPackedIntegers(packed, sums.data(), sums.size()).ok());
  ASSERT_EQ(sums, expected);
}

void ExpectRoundTrip(const std::vector<float>& values, const std::vector<float>& known) {
  const auto packed = Packed(values, known);
  ExpectBytes(packed, reference::PackFloats(values.data(), known.data(), values.size()));
  std::vector<float> back = known;
  ASSERT_TRUE(UnpackFloats(packed, back.data(), back.size()).ok());
  ASSERT_EQ(Bits(back), Bits(values));
}

TEST(BytePlanes, IntegersOfEveryLengthAndMagnitude_AreTheTwinsBytes_AndComeBackExactly) {
  ForEachTarget([](const std::string&) {
    for (const size_t n : Lengths()) {
      for (const int most : {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 40, 55, 56, 57, 63, 64}) {
        ExpectRoundTrip(Integers(n * 100 + static_cast<size_t>(most), n, most, most % 3 == 0 ? 0 : 30));
      }
    }
  });
}

TEST(BytePlanes, FewLargeNumbersAmongSmall_TakeAFewBytesEach) {
  ForEachTarget([](const std::string&) {
    for (const int most : {3, 8, 12, 20, 47}) {
      for (const size_t large : {1u, 2u, 3u, 7u, 20u, 63u}) {
        for (const int excess : {1, 5, 8, 9, 16, 17}) {
          std::vector<int64_t> values = Integers(large, 256, most, 2);
          for (size_t k = 0; k < large; ++k)
            values[64 + (k * 37) % 64] = static_cast<int64_t>((uint64_t{1} << (most + excess - 1)) - 1);
          ExpectRoundTrip(values);
          if (large == 1 && excess == 16) {
            EXPECT_LT(Packed(values).size(), Packed(Integers(large, 256, most, 2)).size() + 24);
          }
        }
      }
    }
  });
}

TEST(BytePlanes, ExtremeIntegers_ComeBackExactly) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min(), kMax = std::numeric_limits<int64_t>::max();
  ForEachTarget([=](const std::string&) {
    ExpectRoundTrip(std::vector<int64_t>{kMin, kMax, 0, -1, 1, kMin + 1, kMax - 1});
    ExpectRoundTrip(std::vector<int64_t>(64, kMin));
    ExpectRoundTrip(std::vector<int64_t>(65, kMax));
    ExpectRoundTrip(std::vector<int64_t>(200, 0));
    ExpectRoundTrip(std::vector<int64_t>(200, -1));
    std::vector<int64_t> one(200, 0);
    one[100] = kMin;
    ExpectRoundTrip(one);
  });
}

TEST(BytePlanes, WhatIsSmall_TakesFewBytes) {
  EXPECT_EQ(Packed(std::vector<int64_t>(64, 0)).size(), 1u);
  EXPECT_EQ(Packed(std::vector<int64_t>(64, -1)).size(), 9u);
  EXPECT_EQ(Packed(std::vector<int64_t>(64, 127)).size(), 65u);
  EXPECT_EQ(Packed(std::vector<float>(640, 1.5f), std::vector<float>(640, 1.5f)).size(), 10u);
}

TEST(BytePlanes, FloatsOfEveryKind_ComeBackBitForBit) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const std::vector<float> special = {0.0f,
                                      -0.0f,
                                      1.0f,
                                      -1.0f,
                                      kInfinity,
                                      -kInfinity,
                                      std::numeric_limits<float>::quiet_NaN(),
                                      std::bit_cast<float>(0xffffffffu),
                                      std::bit_cast<float>(0x7f800001u),
                                      std::numeric_limits<float>::denorm_min(),
                                      -std::numeric_limits<float>::denorm_min(),
                                      std::numeric_limits<float>::max(),
                                      std::numeric_limits<float>::lowest()};
  std::vector<float> values, known;
  for (const float value : special) {
    for (const float before : special) {
      values.push_back(value);
      known.push_back(before);
    }
  }
  ForEachTarget([&](const std::string&) {
    ExpectRoundTrip(values, known);
    for (const size_t n : Lengths()) {
      const auto before = RandomValues(n, n, -0.1f, 0.1f);
      auto after = before;
      for (size_t i = 0; i < n; ++i) after[i] += 1e-3f * (UnitFloat(RandomBits(n + 1, i)) - 0.5f);
      ExpectRoundTrip(after, before);
      ExpectRoundTrip(RandomValues(n + 3, n), before);
    }
  });
}

TEST(BytePlanes, CutOrLengthened_IsAnError) {
  std::vector<int64_t> values = Integers(5, 150, 40, 5);
  values[70] = std::numeric_limits<int64_t>::min();  // one that exceeds
  auto packed = Packed(values);
  for (size_t size = 0; size < packed.size(); ++size) {
    // In memory of its own, so that a read behind the end is seen by a sanitizer.
    const std::vector<std::byte> cut(packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(UnpackIntegers(cut, values.data(), values.size()).code(), Code::kFailed) << size;
  }
  packed.push_back(std::byte{0});
  EXPECT_FALSE(UnpackIntegers(packed, values.data(), values.size()).ok());
  packed.pop_back();
  EXPECT_FALSE(UnpackIntegers(packed, values.data(), 64).ok()) << "fewer numbers";
  EXPECT_TRUE(UnpackIntegers(packed, values.data(), 150).ok());
}

TEST(BytePlanes, ArbitraryBytes_NeverReadOrWriteOutside) {
  ForEachTarget([](const std::string&) {
    for (uint64_t key = 0; key < 4000 / CLLM_SWEEP_DIVISOR; ++key) {
      std::vector<std::byte> bytes(RandomBits(key, 0) % 700);
      for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(RandomBits(key, i + 1));
      if (!bytes.empty() && key % 2 == 0) bytes[0] &= std::byte{0x9f};  // few bits, so that more blocks are read
      std::vector<int64_t> integers(100);
      std::vector<float> floats(100);
      (void)UnpackIntegers(bytes, integers.data(), integers.size());
      (void)AddPackedIntegers(bytes, integers.data(), integers.size());
      (void)UnpackFloats(bytes, floats.data(), floats.size());
    }
  });
}

}  // namespace
}  // namespace cllm
