#pragma once

#include <string>
#include <vector>

#include "measure/configurations.h"
#include "measure/table.h"

namespace cllm::measure {

struct TrainingOptions {
  std::vector<Configuration> configurations;
  std::vector<std::string> precisions, optimizers;
  std::vector<size_t> threads;
  double seconds = 5;  // of each row, about; a round has one step at least
  size_t rounds = 5;   // at least kMinRounds
};

// Whole training steps for every combination: tokens per second of the median step, share of the multiply-add peak that
// is measured in alternation on as many threads, milliseconds by phase, resident memory. Error: as MeasuredRun.
Result<Findings> BenchTraining(const TrainingOptions& options);

}  // namespace cllm::measure
