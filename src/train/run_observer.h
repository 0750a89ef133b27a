#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "train/exact_step.h"

namespace cllm {

// What a finished step reports.
struct StepReport {
  uint64_t step = 0;   // steps done
  uint64_t total = 0;  // steps of the run
  uint64_t tokens = 0; // trained on so far
  StepResult result;
  double loss = 0;      // crystalline loss, nats per token
  double smooth = 0;    // its exponential mean
  double rate = 0;      // of the matrices
  double tokens_per_s = 0;
  double peak_share = 0;  // of the machine's fused-multiply-add peak, [0, 1]; 0 while unknown
  double elapsed_s = 0, eta_s = 0;
};

// What an evaluation reports.
struct EvaluationReport {
  uint64_t step = 0;
  MeanScores scores;
  double bits_per_byte = 0;
  bool best = false;   // lower than every one before
  bool whole = false;  // over all of the validation part, else over a fixed sample of it
};

// Who watches a run: terminal, tests. Called on Node Zero.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void OnStep(const StepReport&) {}
  virtual void OnEvaluation(const EvaluationReport&) {}
  virtual void OnSave(uint64_t step, const std::string& directory) { (void)step, (void)directory; }
  virtual void OnSample(uint64_t step, const std::string& text) { (void)step, (void)text; }
  // A sentence that the user should read.
  virtual void OnNote(const std::string& sentence) { (void)sentence; }
};

// What signals ask of a run. Written by signal handlers (lock-free atomics), read by Node Zero between steps.
struct RunControl {
  std::atomic<int> stop_signal{0};    // SIGINT or SIGTERM: finish the step, save, end
  std::atomic<bool> save_now{false};  // SIGUSR1
};

}  // namespace cllm
