#pragma once

#include <string>
#include <vector>

#include "measure/configurations.h"
#include "measure/table.h"

namespace cllm::measure {

struct GenerationOptions {
  std::vector<Configuration> configurations;
  std::vector<std::string> weights;       // StorageNames
  std::vector<size_t> sequences = {1};    // decoded together
  std::vector<size_t> threads = {1};
  size_t tokens = 128;  // of a sequence in a round; at most the context
  size_t rounds = 5;    // at least kMinRounds
};

// Generation token by token with a KV cache, the most probable token each time, from untrained weights: tokens per
// second of all sequences together. On one thread also the share of what the machine allows: the lower of reading every
// packed weight once a step and each sequence's cache, at the rate measured for so many bytes, and of the step's
// multiply-adds at peak. Checked first: logits token by token are those of the same tokens at once, bit for bit. Error:
// Usage for an unknown weight format.
Result<Findings> BenchGeneration(const GenerationOptions& options);

}  // namespace cllm::measure
