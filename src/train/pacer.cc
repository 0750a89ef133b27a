#include "train/pacer.h"

#include <algorithm>

#include "base/check.h"

namespace cllm {
namespace {

// An interval between breakpoints: a part of what is left, so that a change of speed is soon met; near the end and for
// the first one, whose speed is a guess, a part of the whole, which is the most that a change then can cost.
constexpr double kIntervalOfRest = 0.125;
constexpr double kIntervalOfWhole = 0.02;
// The last evaluation may look at the best weights as well as the last ones: half of the time, about.
constexpr double kFinalEvaluations = 1.5;
constexpr double kMostForTheEnd = 0.5;  // of the time: the rest is trained, whatever is to follow
constexpr double kLeaving_s = 0.2;      // joining the workers, printing
constexpr double kLateDecay = 0.02;     // of the steps and of the time: what a run that is late still decays in

}  // namespace

double Pacer::FinalSeconds(const RunCosts& costs) const {
  const double evaluation = static_cast<double>(final_work_.windows) * costs.window_s;
  const double samples = static_cast<double>(final_work_.sample_tokens) * costs.sample_token_s;
  return std::min(kFinalEvaluations * evaluation + samples + costs.save_s + kLeaving_s,
                  kMostForTheEnd * budget_.seconds);
}

double Pacer::TrainingLeft(const RunCosts& costs) const { return SecondsLeft() - FinalSeconds(costs); }

void Pacer::Measure(uint64_t step, double now) {
  if (begun_ && step > measured_step_) {
    step_seconds_ = std::max(1e-9, (now - measured_at_) / static_cast<double>(step - measured_step_));
  }
  begun_ = true;
  measured_step_ = step;
  measured_at_ = now;
}

Breakpoint Pacer::Next(const Schedule& schedule, const RunCosts& costs) {
  CHECK(schedule.open());
  const uint64_t step = schedule.total();
  const bool first = !begun_;
  Measure(step, clock_());
  const double left = TrainingLeft(costs);
  const double least = kIntervalOfWhole * budget_.seconds;
  const double interval = first ? least : std::max(least, kIntervalOfRest * left);
  const auto steps_in = [&](double seconds) {
    return static_cast<uint64_t>(std::clamp(seconds / step_seconds_, 1.0, 1e9));
  };
  if (left >= 1.5 * interval && left >= 2 * step_seconds_) {
    const uint64_t steps = steps_in(interval);
    const double share = static_cast<double>(steps) * step_seconds_ / left;
    const double fraction = schedule.fraction() + (1 - schedule.fraction()) * share;
    if (share < 1 && fraction > schedule.fraction() && fraction < 1) return {step + steps, fraction};
  }
  // The rest at once. A run that is late has some steps for it still.
  const double begun = static_cast<double>(step - schedule.segments.back().begin);
  const double late = std::min(kLateDecay * begun * step_seconds_, least);
  return {step + steps_in(std::max(left, late)), 1};
}

uint64_t Pacer::ExpectedTotal(const Schedule& schedule, const RunCosts& costs) const {
  if (!schedule.open()) return schedule.total();
  const double since = begun_ ? clock_() - measured_at_ : 0;
  const double left = TrainingLeft(costs) + since;  // when the decided steps began
  const uint64_t from = begun_ ? measured_step_ : schedule.total();
  const double steps = std::clamp(left / std::max(step_seconds_, 1e-9), 0.0, 1e9);
  return std::max(schedule.total() + 1, from + static_cast<uint64_t>(steps));
}

}  // namespace cllm
