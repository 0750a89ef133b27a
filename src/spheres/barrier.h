#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "spheres/placement.h"
#include "spheres/waiting.h"

namespace cllm {

// The barrier of the spheres: a tree of counters with fan-out kSphereFanOut. The last leaf to arrive at its group plays
// the group's role and goes on to the group above, so a group costs no thread; the last of all wakes Node Zero. In the
// other direction Node Zero opens a gate for each level 1 group, where the group's leaves wait.
// Thread-safe in these roles: leaves call AwaitPhase and Arrive in turn, one thread (Node Zero) the rest.
class Barrier {
 public:
  explicit Barrier(const Placement& placement);

  // A leaf waits at the gate of its group until the phase is no longer `seen`; returns the new phase. What Node Zero
  // wrote before OpenPhase is visible to it.
  uint32_t AwaitPhase(size_t group, uint32_t seen, Spin spin) const {
    return AwaitChange(gates_[group].phase, seen, spin);
  }
  // A leaf of `group` (level 1) has done its part of the phase. Returns without waiting.
  void Arrive(size_t group);

  // Lets the leaves into the next phase. REQUIRES: all have arrived.
  void OpenPhase();
  // Waits until every leaf has arrived; what leaves wrote before is visible. Returns when the last one arrived. The
  // first use, before any OpenPhase, waits for the leaves to have started.
  Clock::time_point AwaitArrivals(Spin spin);

 private:
  // A cache line each: a group's leaves touch only their own.
  struct alignas(64) Gate {
    WaitWord phase;
  };
  struct alignas(64) Counter {
    std::atomic<uint32_t> arrived = 0;
    uint32_t expected = 0;
    size_t parent = 0;
  };

  std::vector<Gate> gates_;        // one for each level 1 group
  std::vector<Counter> counters_;  // one for each group
  uint32_t phase_ = 0;             // Node Zero's
  uint32_t completed_seen_ = 0;    // Node Zero's
  Clock::time_point completion_time_;
  alignas(64) WaitWord completed_;  // barriers passed by all leaves
};

}  // namespace cllm
