#pragma once

#include <string>
#include <vector>

#include "bench/configurations.h"
#include "bench/table.h"

namespace cllm::bench {

struct GenerationOptions {
  std::vector<Configuration> configurations;
  std::vector<std::string> weights;  // formats (WeightFormats)
  size_t tokens = 128;  // of a round; at most the context
  size_t rounds = 5;    // at least kMinRounds
};

// Generation on one thread, token by token with a KV cache, drawn with the program's defaults from untrained weights:
// tokens per second, and the share of what the machine allows. That is the lower of reading every packed weight and the
// cache once a token, at the rate measured for so many bytes, and of the token's multiply-adds at peak.
// Checked first: logits token by token are those of the same tokens at once, bit for bit. Error: Usage for an unknown
// weight format.
Result<Findings> BenchGeneration(const GenerationOptions& options);

}  // namespace cllm::bench
