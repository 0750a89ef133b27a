#include "spheres/team.h"

#include <algorithm>

namespace cllm {

void TeamBarrier::Meet() {
  // acq_rel: an arrival publishes the member's writes, and the last one sees those of all before it and passes them on.
  uint32_t arrivals = arrivals_.value.fetch_add(1, std::memory_order_acq_rel) + 1;
  // Nobody arrives for the next meeting before this one is complete, so the arrivals tell which meeting this is.
  const uint32_t complete = (arrivals + members_ - 1) / members_ * members_;
  if (arrivals == complete) return WakeAll(arrivals_);
  if (spin_ == Spin::kBriefly) {
    constexpr int kPauses = 64;  // 1 to 3 us: shares are equal, so most members arrive within it and no one yields
    for (int i = 0; i < kPauses && arrivals < complete; ++i) {
      PauseProcessor();
      arrivals = arrivals_.value.load(std::memory_order_acquire);
    }
  }
  while (arrivals < complete) arrivals = AwaitChange(arrivals_, arrivals, spin_);
}

Range Team::Share(size_t things, size_t multiple) const {
  const size_t pieces = (things + multiple - 1) / multiple;
  const auto border = [&](size_t index) { return std::min(things, pieces * index / size * multiple); };
  return {.begin = border(member), .end = border(member + 1)};
}

}  // namespace cllm
