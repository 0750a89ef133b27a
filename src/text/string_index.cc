#include "text/string_index.h"

#include <cstring>

#include "base/check.h"
#include "base/random.h"

namespace cllm {
namespace {

constexpr size_t kFirstSlots = 64;

uint64_t LoadUpTo8(const char* bytes, size_t count) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

}  // namespace

StringIndex::StringIndex() : slots_(kFirstSlots) {}

uint64_t StringIndex::HashOf(std::string_view bytes) {
  uint64_t hash = bytes.size();
  const char* at = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) hash = Mix64(hash ^ LoadUpTo8(at, 8));
  return left == 0 ? Mix64(hash) : Mix64(hash ^ LoadUpTo8(at, left));
}

size_t StringIndex::SlotOf(std::string_view bytes, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  const auto high = static_cast<uint32_t>(hash >> 32);
  for (size_t i = hash & mask;; i = (i + 1) & mask) {
    const Slot& slot = slots_[i];
    if (slot.index == kAbsent || (slot.hash == high && (*this)[slot.index] == bytes)) return i;
  }
}

uint32_t StringIndex::Find(std::string_view bytes) const { return slots_[SlotOf(bytes, HashOf(bytes))].index; }

uint32_t StringIndex::Add(std::string_view bytes) {
  const uint64_t hash = HashOf(bytes);
  Slot& slot = slots_[SlotOf(bytes, hash)];
  if (slot.index != kAbsent) return slot.index;
  CHECK(ends_.size() < kAbsent && arena_.size() + bytes.size() < UINT32_MAX);
  const auto index = static_cast<uint32_t>(ends_.size());
  slot = {.hash = static_cast<uint32_t>(hash >> 32), .index = index};
  arena_.insert(arena_.end(), bytes.begin(), bytes.end());
  ends_.push_back(static_cast<uint32_t>(arena_.size()));
  if (2 * ends_.size() > slots_.size()) Grow();
  return index;
}

void StringIndex::Grow() {
  std::vector<Slot> slots(2 * slots_.size());
  const size_t mask = slots.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.index == kAbsent) continue;
    size_t i = HashOf((*this)[slot.index]) & mask;
    while (slots[i].index != kAbsent) i = (i + 1) & mask;
    slots[i] = slot;
  }
  slots_ = std::move(slots);
}

}  // namespace cllm
