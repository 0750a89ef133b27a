#include "lattice/primes.h"

#include <bit>

namespace cllm {
namespace {

// The primes below `limit` by the sieve of Eratosthenes over odd numbers.
std::vector<uint32_t> PrimesBelow(size_t limit) {
  std::vector<uint32_t> primes;
  if (limit > 2) primes.push_back(2);
  std::vector<bool> composite(limit / 2 + 1);  // composite[i] speaks of 2i + 1
  for (size_t n = 3; n < limit; n += 2) {
    if (composite[n / 2]) continue;
    primes.push_back(static_cast<uint32_t>(n));
    for (size_t multiple = n * n; multiple < limit; multiple += 2 * n) composite[multiple / 2] = true;
  }
  return primes;
}

}  // namespace

std::vector<uint32_t> FirstPrimes(size_t count) {
  // The k-th prime is below k (ln k + ln ln k) for k >= 6 (Rosser 1941), hence below k * bit_width(k) for k >= 6.
  const size_t limit = count < 6 ? 12 : count * static_cast<size_t>(std::bit_width(count)) + 1;
  std::vector<uint32_t> primes = PrimesBelow(limit);
  primes.resize(count);
  return primes;
}

}  // namespace cllm
