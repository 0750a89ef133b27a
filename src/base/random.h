#pragma once

#include <cstdint>

namespace cllm {

// Counter-based random numbers: a pure function of key and counter, so no generator carries state and no draw
// depends on the order of others. The mixing function is SplitMix64 (Steele, Lea, Flood 2014), applied to each word.
constexpr uint64_t Mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// 64 random bits for (key, counter).
constexpr uint64_t RandomBits(uint64_t key, uint64_t counter) {
  return Mix64(Mix64(key) ^ (counter * 0xd1342543de82ef95u));
}

// A key for a sub-stream of `key`.
constexpr uint64_t SubKey(uint64_t key, uint64_t stream) { return RandomBits(key ^ 0x5851f42d4c957f2du, stream); }

// [0, 1) with 24 bits, exactly representable as float.
constexpr float UnitFloat(uint64_t bits) { return static_cast<float>(bits >> 40) * 0x1p-24f; }

// [0, 1) with 53 bits.
constexpr double UnitDouble(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

// A bijection of [0, size) chosen by `key` and computed without state: a four-round Feistel network on the next
// even power of two, walked until it lands inside. REQUIRES: index < size.
uint64_t Permute(uint64_t key, uint64_t index, uint64_t size);

}  // namespace cllm
