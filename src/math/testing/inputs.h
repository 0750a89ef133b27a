#pragma once

#include <cstdint>

// Fixed pseudo-random inputs.
namespace cllm::math {

// 64 bits for (seed, i) (SplitMix64; Steele, Lea, Flood 2014).
constexpr uint64_t DrawBits(uint64_t seed, uint64_t i) {
  uint64_t x = seed * 0xd1342543de82ef95u + (i + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// [low, high).
constexpr double DrawBetween(double low, double high, uint64_t seed, uint64_t i) {
  return low + (high - low) * (static_cast<double>(DrawBits(seed, i) >> 11) * 0x1p-53);
}

}  // namespace cllm::math
