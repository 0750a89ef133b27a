#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "spheres/waiting.h"

namespace cllm {

// A counting semaphore in ticket order: leaves beyond the number of permits wait for their turn, first come first
// served, each on a word of its own, so that a permit given back wakes exactly one. Nothing spins: it is needed only
// where threads outnumber cores. Thread-safe.
class Permits {
 public:
  // REQUIRES: permits >= 1, and at most `leaves` threads use it. With permits >= leaves nobody ever waits, and Acquire
  // and Release cost one comparison.
  Permits(size_t permits, size_t leaves);

  struct Permit {
    size_t number = 0;    // [0, min(permits, leaves)); nobody else holds it
    uint64_t ticket = 0;  // drawn for it: turns follow the tickets; 0 where nobody ever waits
  };
  // Waits for a permit. leaf: of the calling thread, [0, leaves).
  Permit Acquire(size_t leaf);
  // Gives permit `number` back.
  void Release(size_t number);

 private:
  struct alignas(64) Turn {
    WaitWord laps;  // tickets of this slot that were granted so far
  };

  void Grant(uint64_t ticket);
  size_t TakeNumber(size_t leaf);

  bool unlimited_;
  std::vector<Turn> turns_;                // ticket t waits on turns_[t % size]
  std::vector<std::atomic<bool>> taken_;  // by number of the permit
  alignas(64) std::atomic<uint64_t> next_ticket_ = 0;
  alignas(64) std::atomic<uint64_t> next_grant_ = 0;
};

}  // namespace cllm
