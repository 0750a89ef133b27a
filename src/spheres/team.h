#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "spheres/waiting.h"

namespace cllm {

// Where the members of a team wait for each other, many times within one phase. Made for a few threads that all run:
// the last to arrive never waits, the others spin before they sleep. Neither allocates nor locks. One word for arrivals
// and waiting: a meeting of two costs 0.4 us, with a word for each 0.6 (2 cores of a virtual machine).
// Thread-safe: called by each member, and by nobody else. Good for 2^32 arrivals.
class TeamBarrier {
 public:
  // members >= 1. spin: kNever when more threads want to run than there are cores.
  TeamBarrier(size_t members, Spin spin) : members_(static_cast<uint32_t>(members)), spin_(spin) {}

  // Returns when every member has called it as often as this one. What members wrote before is visible after.
  void Meet();

 private:
  const uint32_t members_;
  const Spin spin_;
  alignas(64) WaitWord arrivals_;  // of all meetings; the last one of a meeting wakes the others
};

// A part [begin, end) of numbered things.
struct Range {
  size_t begin = 0, end = 0;

  size_t size() const { return end - begin; }
};

// The share of a thread in work that several threads do together, in step with each other. A default one is a team of
// one: code written for a team also runs without spheres. A value; the barrier is kept by reference.
struct Team {
  size_t member = 0, size = 1;
  TeamBarrier* barrier = nullptr;  // not null where size > 1

  // Waits for the other members. All members meet equally often. What they wrote before is visible after.
  void Meet() const {
    if (size > 1) barrier->Meet();
  }

  // The member's part of `things` things. The members' parts are disjoint and cover all; inner borders are multiples of
  // `multiple`, and parts differ by at most that many. Some are empty when there are not enough things for all.
  Range Share(size_t things, size_t multiple = 1) const;
};

}  // namespace cllm
