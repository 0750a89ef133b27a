#include "measure/sphere_times.h"

#include <utility>

namespace cllm::measure {

SphereTimes& SphereTimes::operator+=(const SphereTimes& other) {
  items += other.items;
  steals += other.steals;
  tokens += other.tokens;
  items_s += other.items_s;
  accumulation_s += other.accumulation_s;
  reduction_s += other.reduction_s;
  update_s += other.update_s;
  waiting_s += other.waiting_s;
  return *this;
}

void PhaseTimes::Restart() {
  last_ = spheres_.Statistics();
  leaves_.assign(last_.leaves.size(), {});
  for (size_t i = 0; i < leaves_.size(); ++i) leaves_[i].first_leaf = i;
  phases_s_ = 0;
  processor_s_ = {};
  Begin();
}

void PhaseTimes::Ended(StepPhase phase) {
  const double processor_s = ReadProcessUsage().processor_s;
  processor_s_[static_cast<size_t>(phase)] += processor_s - last_processor_s_;
  last_processor_s_ = processor_s;
  SphereStatistics now = spheres_.Statistics();
  for (size_t i = 0; i < leaves_.size(); ++i) {
    const LeafStatistics &before = last_.leaves[i], &after = now.leaves[i];
    SphereTimes& leaf = leaves_[i];
    const double busy = after.busy_s - before.busy_s, waiting = after.waiting_s - before.waiting_s;
    leaf.waiting_s += waiting;
    if (i == 0) phases_s_ += busy + waiting;
    switch (phase) {
      case StepPhase::kItems: {
        const double accumulation = after.accumulation_s - before.accumulation_s;
        leaf.items += after.items - before.items;
        leaf.steals += after.steals - before.steals;
        leaf.tokens += after.tokens - before.tokens;
        leaf.items_s += busy - accumulation;
        leaf.accumulation_s += accumulation;
        break;
      }
      case StepPhase::kReduce: leaf.reduction_s += busy; break;
      case StepPhase::kUpdate:
      case StepPhase::kPack: leaf.update_s += busy; break;
    }
  }
  last_ = std::move(now);
}

std::vector<SphereTimes> PhaseTimes::Groups() const {
  std::vector<SphereTimes> groups;
  for (const SphereStatistics::Group& group : last_.groups) {
    SphereTimes sum{.first_leaf = group.first_leaf, .leaves = group.leaves};
    for (size_t i = group.first_leaf; i < group.first_leaf + group.leaves; ++i) sum += leaves_[i];
    groups.push_back(sum);
  }
  return groups;
}

SphereTimes PhaseTimes::Sum() const {
  SphereTimes sum{.leaves = leaves_.size()};
  for (const SphereTimes& leaf : leaves_) sum += leaf;
  return sum;
}

}  // namespace cllm::measure
