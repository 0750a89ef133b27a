#include "serve/dashboard/live_run.h"

namespace cllm {

LiveRun::State LiveRun::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void LiveRun::TakeStep(const StepEvent& event) {
  const std::lock_guard lock(mutex_);
  ++state_.changes;
  state_.phase = {};
  state_.step = event.step;
  state_.spheres = event.spheres;
  state_.elapsed_s = event.elapsed_s;
}

void LiveRun::TakePhase(const PhaseEvent& event) {
  const std::lock_guard lock(mutex_);
  ++state_.changes;
  state_.phase = event;
}

void LiveRun::TakeEnd() {
  const std::lock_guard lock(mutex_);
  ++state_.changes;
  state_.phase = {};
  state_.ended = true;
}

}  // namespace cllm
