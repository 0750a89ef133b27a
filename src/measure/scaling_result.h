#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/process_usage.h"
#include "measure/configurations.h"
#include "measure/learning.h"
#include "measure/sphere_times.h"
#include "measure/step_model.h"
#include "train/memory_estimate.h"

// What training on different numbers of threads came to.
namespace cllm::measure {

// What one number of threads did. Figures of time are medians over the steps, the others sums.
struct ScalingArm {
  size_t threads = 1;
  size_t permits = 1;  // threads that may work at once
  size_t cores = 1;    // min(threads, cores of the machine): what efficiency and processor time are held against
  std::vector<double> step_s = {};
  StepRounds rounds = {};  // the parts of the step
  ProcessUsage usage = {};
  std::vector<SphereTimes> leaves = {}, groups = {};
  SphereTimes sum = {};
  MemoryEstimate memory = {};
  size_t memory_grown = 0;  // of the process, by making this arm and running one step
  double loss = 0;          // of the last step, nats per token, on random tokens
  uint64_t not_finite = 0;  // numbers among the final weights
  std::string weights_hash = {};
  double speed_up = 0;  // median of the steps' ratios to the first arm's
  std::optional<LearningResult> learning = {};

  double wall_s() const;
  double processor_share() const { return usage.processor_s / (static_cast<double>(cores) * wall_s()); }
  size_t idle_leaves() const;
};

// Speed-up on so many threads with a core each as the model says, and the model of evenly divided items.
struct ScalingPrediction {
  size_t threads = 1, cores = 1;
  double speed_up = 0, even_speed_up = 0;
  Interval interval = {};
};

// What the model would have said of an arm from the arms with fewer threads.
struct ScalingCheck {
  size_t threads = 1;
  std::vector<size_t> from = {};
  double predicted = 0, measured = 0;  // speed-up

  double error() const { return predicted / measured - 1; }
};

struct ScalingResult {
  Configuration configuration = {};
  size_t item = 1, tokens_per_step = 0, cores = 1, steps = 0;
  std::vector<ScalingArm> arms = {};
  double entropy = 0;  // of the learned text, nats per byte
  StepModel model = {};
  std::vector<size_t> model_arms = {};  // threads of the arms that inform it; empty: there is no model
  std::vector<ScalingPrediction> predictions = {};
  std::vector<ScalingCheck> checks = {};
  std::vector<std::string> failures = {};  // what is not as it must be, a sentence each; empty: all is well
};

// What is not as it must be on every number of threads, a sentence each: weights and losses that differ, numbers that
// are none, leaves without work, a small model that did not learn. REQUIRES: arms not empty.
std::vector<std::string> FindFailures(const std::vector<ScalingArm>& arms, double entropy);

}  // namespace cllm::measure
