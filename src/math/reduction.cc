#include "math/reduction.h"

#include <bit>

namespace cllm::math {
namespace {

__extension__ using Uint128 = unsigned __int128;

// Fraction bits of 2/pi after a word of zeros, so that a window may begin before the point (tools/math/constants.py).
constexpr uint64_t kTwoOverPi[] = {
    0,
    0xa2f9836e4e441529,
    0xfc2757d1f534ddc0,
    0xdb6295993c439041,
    0xfe5163abdebbc561,
    0xb7246e3a424dd2e0,
    0x06492eea09d1921c,
    0xfe1deb1cb129a73e,
    0xe88235f52ebb4484,
    0xe99c7026b45f7e41,
    0x3991d639835339f4,
    0x9c845f8bbdf9283b,
    0x1ff897ffde05980f,
    0xef2f118b5a0a6d1f,
    0x6d367ecf27cb09b7,
    0x4f463f669e5fea2d,
    0x7527bac7ebe5f17b,
    0x3d0739f78a5292ea,
    0x6bfb5fb11f8d5d08,
    0x56033046fc7b6bab,
    0xf0cfbc209af4361d,
};
// pi/2 with 126 fraction bits.
constexpr uint64_t kHalfPiHigh = 0x6487ed5110b4611a;
constexpr uint64_t kHalfPiLow = 0x62633145c06e0e69;

// 64 bits of the table from bit `position` on.
uint64_t TableBits(uint64_t position) {
  const uint64_t word = position / 64;
  const uint64_t shift = position % 64;
  if (shift == 0) return kTwoOverPi[word];
  return (kTwoOverPi[word] << shift) | (kTwoOverPi[word + 1] >> (64 - shift));
}

// mantissa * 2^exponent * 2/pi modulo 4, with 126 fraction bits (cut).
Uint128 Quadrants(uint64_t mantissa, int exponent) {
  // The first bit that matters has weight 2 after multiplying by 2^exponent; higher ones are multiples of 4.
  const uint64_t position = static_cast<uint64_t>(exponent - 2 + 64);
  const Uint128 top = static_cast<Uint128>(mantissa * TableBits(position)) << 64;
  const Uint128 middle = static_cast<Uint128>(mantissa) * TableBits(position + 64);
  const Uint128 bottom = static_cast<Uint128>(mantissa) * TableBits(position + 128);
  return top + middle + (bottom >> 64);
}

// The upper 128 bits of fraction * pi/2, error below 4 units.
Uint128 TimesHalfPi(Uint128 fraction) {
  const uint64_t high = static_cast<uint64_t>(fraction >> 64);
  const uint64_t low = static_cast<uint64_t>(fraction);
  return static_cast<Uint128>(high) * kHalfPiHigh + ((static_cast<Uint128>(high) * kHalfPiLow) >> 64) +
         ((static_cast<Uint128>(low) * kHalfPiHigh) >> 64);
}

double PowerOfTwo(int exponent) { return std::bit_cast<double>(static_cast<uint64_t>(exponent + 1023) << 52); }

}  // namespace

ReducedAngle ReduceLargeAngle(double angle) {
  const uint64_t bits = std::bit_cast<uint64_t>(angle);
  const int exponent = static_cast<int>((bits >> 52) & 0x7ff) - 1075;
  const uint64_t mantissa = (bits & ((uint64_t{1} << 52) - 1)) | (uint64_t{1} << 52);
  const Uint128 product = Quadrants(mantissa, exponent);
  const Uint128 half = Uint128{1} << 125;
  const uint64_t quadrant = static_cast<uint64_t>((product + half) >> 126) & 3;
  // The distance to the nearest quadrant, 126 fraction bits; two's complement makes it wrap from 4 to 0.
  const Uint128 distance = product - (static_cast<Uint128>(quadrant) << 126);
  const bool negative = (distance >> 127) != 0;
  // At most half a quadrant, so two leading zeros are there to shift out: 126 + 2 + 126 - 128 = 126 fraction bits.
  Uint128 rest = TimesHalfPi((negative ? -distance : distance) << 2);
  if (rest == 0) return {0.0, 0.0, quadrant};
  const uint64_t upper = static_cast<uint64_t>(rest >> 64);
  const int zeros = upper != 0 ? std::countl_zero(upper) : 64 + std::countl_zero(static_cast<uint64_t>(rest));
  rest <<= zeros;
  // Two doubles: the 53 leading bits exactly, then the next 64 rounded.
  const double sign = negative ? -1.0 : 1.0;
  const double scale = sign * PowerOfTwo(-zeros);
  const double high = static_cast<double>(static_cast<uint64_t>(rest >> 75)) * 0x1p-51 * scale;
  const double low = static_cast<double>(static_cast<uint64_t>(rest >> 11)) * 0x1p-115 * scale;
  return {high, low, quadrant};
}

}  // namespace cllm::math
