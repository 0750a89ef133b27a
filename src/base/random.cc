#include "base/random.h"

#include <bit>

#include "base/check.h"

namespace cllm {

uint64_t Permute(uint64_t key, uint64_t index, uint64_t size) {
  CHECK(index < size);
  const int half = size > 1 ? (static_cast<int>(std::bit_width(size - 1)) + 1) / 2 : 1;
  const uint64_t mask = (uint64_t{1} << half) - 1;
  uint64_t x = index;
  do {
    uint64_t left = x >> half, right = x & mask;
    for (uint64_t round = 0; round < 4; ++round) {
      const uint64_t next = left ^ (RandomBits(SubKey(key, round), right) & mask);
      left = right;
      right = next;
    }
    x = (left << half) | right;
  } while (x >= size);
  return x;
}

}  // namespace cllm
