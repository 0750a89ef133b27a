#pragma once

#include "monitor/events.h"
#include "train/session.h"

namespace cllm {

// Speed, smoothed loss and time left of a session. Node Zero only.
class Progress {
 public:
  // peak_gflops: of the machine with these threads; 0: unknown.
  explicit Progress(double peak_gflops) : peak_gflops_(peak_gflops) {}

  // Counts a step that took `seconds` into session.state, and tells of it.
  StepEvent AfterStep(const StepResult& result, double seconds, Session& session);

  double last_training_nats() const { return last_training_nats_; }  // per token, of the last step

 private:
  double peak_gflops_;
  double step_seconds_ = 0;  // exponential mean, for speed and time left
  double last_training_nats_ = 0;
};

}  // namespace cllm
