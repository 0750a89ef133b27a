#include "spheres/permits.h"

#include "base/check.h"
#include "spheres/waiting.h"

namespace cllm {

Permits::Permits(size_t permits, size_t leaves) : unlimited_(permits >= leaves), turns_(unlimited_ ? 0 : leaves) {
  CHECK(permits >= 1);
  if (unlimited_) return;
  for (size_t i = 0; i < permits; ++i) Grant(next_grant_.fetch_add(1, std::memory_order_relaxed));
}

void Permits::Grant(uint64_t ticket) {
  Turn& turn = turns_[ticket % turns_.size()];
  // release: what the leaf that gives its permit back wrote is visible to the one that gets it.
  turn.laps.fetch_add(1, std::memory_order_release);
  turn.laps.notify_all();  // at most one thread waits here, as there are as many words as leaves
}

uint64_t Permits::Acquire() {
  if (unlimited_) return 0;
  // relaxed: the ticket only names the turn; the turn's word carries the ordering.
  const uint64_t ticket = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  const Turn& turn = turns_[ticket % turns_.size()];
  const uint32_t lap = static_cast<uint32_t>(ticket / turns_.size());  // granted laps before this one; may wrap
  for (uint32_t now = turn.laps.load(std::memory_order_acquire); static_cast<int32_t>(now - lap) <= 0;) {
    now = AwaitChange(turn.laps, now, Spin::kNever);
  }
  return ticket;
}

void Permits::Release() {
  if (unlimited_) return;
  Grant(next_grant_.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace cllm
