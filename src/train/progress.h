#pragma once

#include "monitor/events.h"
#include "train/session.h"
#include "train/time_left.h"

namespace cllm {

// Speed, smoothed loss and time left of a session. Node Zero only.
class Progress {
 public:
  // peak_gflops: of the machine with these threads; 0: unknown.
  explicit Progress(double peak_gflops) : peak_gflops_(peak_gflops) {}

  // Counts a step that took `seconds` into session.state, and tells of it. plan: for the time left.
  StepEvent AfterStep(const StepResult& result, double seconds, const WorkPlan& plan, Session& session);
  // Counts a step that was skipped, and tells of it.
  StepEvent AfterSkippedStep(Session& session);

  TimeLeft& time_left() { return time_left_; }  // is told of all work but steps

  double last_training_nats() const { return last_training_nats_; }  // per token, of the last step

 private:
  double peak_gflops_;
  TimeLeft time_left_;
  double step_seconds_ = 0;  // exponential mean, for speed
  double last_training_nats_ = 0;
};

}  // namespace cllm
