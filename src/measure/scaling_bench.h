#pragma once

#include <string>
#include <vector>

#include "measure/scaling_result.h"

namespace cllm::measure {

struct ScalingOptions {
  Configuration configuration = {};  // with its batch
  std::string precision = {}, optimizer = {};
  std::vector<size_t> threads = {};
  size_t item = 1;           // sequences of a work item: 1 gives every thread something to do
  size_t steps = 7;          // measured ones, at most; one more goes before
  double limit_s = 420;      // of all that is measured: stops after fewer steps, but not fewer than kMinRounds
  std::string text = {};     // what the small model learns
  size_t learn_steps = 200;  // 0: it does not
  size_t learn_batch = 64;  // its sequences a step; as many as threads where those are more
};

// The same training on each number of threads, all at once and step by step in turn, so that what slows the machine
// meets all; then the small model on each; then the step model and what follows from it. Error: Usage for thread counts
// that are given twice or exceed the items of a step, NoResources, Diverged, Failed where the limit leaves no time for
// kMinRounds steps. A result that is wrong (other weights, numbers that are none, a leaf without work, nothing learned)
// is in `failures`.
Result<ScalingResult> MeasureScaling(const ScalingOptions& options);

}  // namespace cllm::measure
