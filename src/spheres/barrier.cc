#include "spheres/barrier.h"

namespace cllm {

Barrier::Barrier(const Placement& placement) : gates_(placement.level_one_groups), counters_(placement.groups.size()) {
  for (size_t i = 0; i < counters_.size(); ++i) {
    counters_[i].expected = static_cast<uint32_t>(placement.groups[i].children);
    counters_[i].parent = placement.groups[i].parent;
  }
}

void Barrier::Arrive(size_t group) {
  for (;;) {
    Counter& counter = counters_[group];
    // acq_rel: an arrival publishes the leaf's writes, and the last one sees those of all before it and passes them on.
    if (counter.arrived.fetch_add(1, std::memory_order_acq_rel) + 1 < counter.expected) return;
    // Nobody arrives here again before the next phase opens, which happens after the release of completed_ below.
    counter.arrived.store(0, std::memory_order_relaxed);
    if (counter.parent == group) break;
    group = counter.parent;
  }
  completion_time_ = Clock::now();
  completed_.value.fetch_add(1, std::memory_order_release);
  WakeOne(completed_);
}

void Barrier::OpenPhase() {
  ++phase_;
  for (Gate& gate : gates_) {
    gate.phase.value.store(phase_, std::memory_order_release);
    WakeAll(gate.phase);
  }
}

Clock::time_point Barrier::AwaitArrivals(Spin spin) {
  completed_seen_ = AwaitChange(completed_, completed_seen_, spin);
  return completion_time_;
}

}  // namespace cllm
