#pragma once

#include <string>
#include <vector>

#include "measure/configurations.h"
#include "measure/table.h"

namespace cllm::measure {

struct ScalingOptions {
  Configuration configuration = {};  // with its batch
  std::string precision = {}, optimizer = {};
  std::vector<size_t> threads = {};
  size_t item = 1;   // sequences of a work item: 1 gives every thread something to do
  size_t steps = 5;  // measured ones; one more goes before
};

// The same training on each number of threads, all at once and step by step in turn, so that what slows the machine
// meets all: tokens per second of the median step, against the first number, and what the spheres counted. The fact
// "weights_xxh3" is the hash of the final weights. Error: Failed if it is not the same for all.
Result<Findings> BenchScaling(const ScalingOptions& options);

}  // namespace cllm::measure
