#include "text/pair_table.h"

#include <bit>

#include "base/check.h"

namespace cllm {

PairTable::PairTable(size_t pairs) : slots_(std::bit_ceil(2 * pairs + 2)), mask_(slots_.size() - 1) {}

uint32_t PairTable::FindOrAdd(uint32_t left, uint32_t right, uint32_t value) {
  CHECK(value != kAbsent);
  const uint64_t key = Key(left, right);
  size_t i = Mix64(key) & mask_;
  for (; slots_[i].value != kAbsent; i = (i + 1) & mask_) {
    if (slots_[i].key == key) return slots_[i].value;
  }
  slots_[i] = {.key = key, .value = value};
  if (2 * ++size_ > slots_.size()) Grow();
  return value;
}

void PairTable::Grow() {
  std::vector<Slot> slots(2 * slots_.size());
  mask_ = slots.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.value == kAbsent) continue;
    size_t i = Mix64(slot.key) & mask_;
    while (slots[i].value != kAbsent) i = (i + 1) & mask_;
    slots[i] = slot;
  }
  slots_ = std::move(slots);
}

}  // namespace cllm
