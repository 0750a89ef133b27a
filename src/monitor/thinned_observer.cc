#include "monitor/thinned_observer.h"

#include <utility>

namespace cllm {

bool ThinnedObserver::IsDue() {
  const double now = clock_();
  if (passed_s_ && now - *passed_s_ < interval_s_) return false;
  passed_s_ = now;
  return true;
}

void ThinnedObserver::OnStep(const StepEvent& event) {
  if (IsDue()) {
    holds_ = false;
    return observer_.OnStep(event);
  }
  held_ = event;
  holds_ = true;
}

void ThinnedObserver::OnPhase(const PhaseEvent& event) {
  if (event.name == phase_ && !event.name.empty() && !IsDue()) return;
  phase_ = event.name;
  Pass(&RunObserver::OnPhase, event);
}

void ThinnedObserver::PassHeldStep() {
  if (std::exchange(holds_, false)) observer_.OnStep(held_);
}

}  // namespace cllm
