#pragma once

#include <cstddef>
#include <cstdint>

#include "base/seconds_clock.h"
#include "train/schedule.h"

namespace cllm {

// The time that a session may take, on the trainer's clock.
struct TimeBudget {
  double begin = 0;         // when it began: the start of the command
  double seconds = 0;       // from then on to the end of the command
  double step_seconds = 0;  // of a step, measured before the first
};

// What a run does beside its steps, in seconds, as seen on the way; the trainer measures it.
struct RunCosts {
  double window_s = 0;        // of an evaluation, for each of its windows
  double save_s = 0;          // of a checkpoint
  double sample_token_s = 0;  // of each token of a sample
};

// What follows the last step.
struct FinalWork {
  size_t windows = 0;  // of the last evaluation
  size_t sample_tokens = 0;
};

// Decides how fast the schedule of a run by time goes, so that it comes to its end when the time does: from what the
// last steps took, the fraction that the next ones are. One object decides, and everything else follows it: of several
// machines the first has it and sends its breakpoints to the others. One thread only.
class Pacer {
 public:
  // The clock outlives it.
  Pacer(const SecondsClock& clock, const TimeBudget& budget, const FinalWork& final_work)
      : clock_(clock), budget_(budget), final_work_(final_work), step_seconds_(budget.step_seconds) {}

  // The next breakpoint. REQUIRES: schedule.open(), all its decided steps are done.
  Breakpoint Next(const Schedule& schedule, const RunCosts& costs);

  // The steps of the whole run as it looks now, at least those decided and one more while the schedule is open.
  uint64_t ExpectedTotal(const Schedule& schedule, const RunCosts& costs) const;
  double SecondsLeft() const { return budget_.begin + budget_.seconds - clock_(); }  // of the whole, [-inf, seconds]

 private:
  void Measure(uint64_t step, double now);
  double TrainingLeft(const RunCosts& costs) const;  // what the steps may take
  double FinalSeconds(const RunCosts& costs) const;

  const SecondsClock& clock_;
  TimeBudget budget_;
  FinalWork final_work_;
  double step_seconds_;  // with the evaluations, saves and samples among them
  bool begun_ = false;
  uint64_t measured_step_ = 0;  // where the present interval began
  double measured_at_ = 0;
};

}  // namespace cllm
