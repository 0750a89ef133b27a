#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cllm {

inline constexpr uint32_t kLeadingSpacePrime = 2;
inline constexpr uint32_t kCapitalPrime = 3;    // the first letter is upper case
inline constexpr uint32_t kUpperCasePrime = 5;  // two letters or more, all upper case; takes the place of 3
inline constexpr size_t kMaxSuffixes = 24;      // the primes 7 to 103
inline constexpr size_t kFirstSuffix = 3;       // index of 7 among the primes
inline constexpr size_t kFirstRoot = kFirstSuffix + kMaxSuffixes;  // index of 107, the first prime after 103

// The first `count` primes, ascending: 2, 3, 5, ...
std::vector<uint32_t> FirstPrimes(size_t count);

}  // namespace cllm
