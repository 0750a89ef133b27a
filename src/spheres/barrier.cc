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
  completed_.fetch_add(1, std::memory_order_release);
  completed_.notify_one();
}

void Barrier::OpenPhase() {
  ++phase_;
  for (Gate& gate : gates_) {
    // Not a store: notify_all of libstdc++ makes no system call when it reads that nobody waits, and a processor may do
    // that reading before a store is visible to the leaf that falls asleep just then. An exchange is visible before.
    gate.phase.exchange(phase_, std::memory_order_seq_cst);
    gate.phase.notify_all();
  }
}

Clock::time_point Barrier::AwaitArrivals(Spin spin) {
  completed_seen_ = AwaitChange(completed_, completed_seen_, spin);
  return completion_time_;
}

}  // namespace cllm
