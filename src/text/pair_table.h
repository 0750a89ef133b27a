#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/random.h"

namespace cllm {

// A map from pairs of token ids to a number, by open addressing. Thread-compatible.
class PairTable {
 public:
  static constexpr uint32_t kAbsent = UINT32_MAX;

  // Room for `pairs` entries before the first growth.
  explicit PairTable(size_t pairs = 0);

  // The number of the pair, or kAbsent.
  uint32_t Find(uint32_t left, uint32_t right) const {
    const uint64_t key = Key(left, right);
    for (size_t i = Mix64(key) & mask_;; i = (i + 1) & mask_) {
      if (slots_[i].value == kAbsent || slots_[i].key == key) return slots_[i].value;
    }
  }

  // The number of the pair; a new pair gets `value`. REQUIRES: value != kAbsent.
  uint32_t FindOrAdd(uint32_t left, uint32_t right, uint32_t value);

  size_t size() const { return size_; }

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t value = kAbsent;
  };
  static constexpr uint64_t Key(uint32_t left, uint32_t right) { return (uint64_t{left} << 32) | right; }
  void Grow();

  std::vector<Slot> slots_;
  size_t mask_ = 0;
  size_t size_ = 0;
};

}  // namespace cllm
