#pragma once

#include <string>
#include <vector>

#include "measure/peers_bench.h"

namespace cllm::measure {

struct PeerDecodingOptions {
  std::vector<std::string> models;   // names of DecodedShapes
  std::vector<std::string> weights;  // f32, q8_0
  std::vector<size_t> threads;
  size_t rounds = 5;  // at least kMinRounds
};

// The names that options take: a and b (the yardsticks) and 100M, all with a vocabulary of bytes.
std::vector<std::string> DecodedShapes();

// Reading a prompt and continuing it by the most probable token, of the same .gguf with random weights, by us and each
// peer in turn: medians of tokens per second and of the rounds' ratios. Before that, of each model in f32, 64 positions
// of 20 tokens' logits are compared, and in each round the chosen ids; notes say how far they differ. A peer that fails
// is noted and left out. Error: Usage for an unknown name; our own failure.
Result<Findings> BenchPeerDecoding(const Peers& peers, const PeerDecodingOptions& options);

}  // namespace cllm::measure
