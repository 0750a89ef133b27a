#include "spheres/permits.h"

#include "base/check.h"

namespace cllm {

Permits::Permits(size_t permits, size_t leaves)
    : unlimited_(permits >= leaves),
      turns_(unlimited_ ? 0 : leaves),
      taken_(unlimited_ ? 0 : permits) {
  CHECK(permits >= 1);
  if (unlimited_) return;
  for (size_t i = 0; i < permits; ++i) Grant(next_grant_.fetch_add(1, std::memory_order_relaxed));
}

void Permits::Grant(uint64_t ticket) {
  Turn& turn = turns_[ticket % turns_.size()];
  // release: what the leaf that gives its permit back wrote is visible to the one that gets it.
  turn.laps.value.fetch_add(1, std::memory_order_release);
  WakeAll(turn.laps);  // at most one thread waits here, as there are as many words as leaves
}

// As many numbers as permits, so one is always free. acquire: what its last holder wrote into things that the number
// picks is visible. Leaves begin at different numbers and so mostly get the one they had before.
size_t Permits::TakeNumber(size_t leaf) {
  size_t number = leaf % taken_.size();
  while (taken_[number].exchange(true, std::memory_order_acquire)) number = (number + 1) % taken_.size();
  return number;
}

Permits::Permit Permits::Acquire(size_t leaf) {
  if (unlimited_) return {.number = leaf};
  // relaxed: the ticket only names the turn; the turn's word carries the ordering.
  const uint64_t ticket = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  const Turn& turn = turns_[ticket % turns_.size()];
  const uint32_t lap = static_cast<uint32_t>(ticket / turns_.size());  // granted laps before this one; may wrap
  for (uint32_t now = turn.laps.value.load(std::memory_order_acquire); static_cast<int32_t>(now - lap) <= 0;) {
    now = AwaitChange(turn.laps, now, Spin::kNever);
  }
  return {.number = TakeNumber(leaf), .ticket = ticket};
}

void Permits::Release(size_t number) {
  if (unlimited_) return;
  taken_[number].store(false, std::memory_order_release);
  Grant(next_grant_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace cllm
