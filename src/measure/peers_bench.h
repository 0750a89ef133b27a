#pragma once

#include <string>
#include <vector>

#include "measure/table.h"

namespace cllm::measure {

// A program that measures another library; scripts/bench-peers makes the list. Its answer is one line of JSON.
struct Peer {
  std::string name;
  std::vector<std::string> command;
};
struct Peers {
  std::vector<Peer> training;        // called with --config C --threads N --dtype P --seconds S
  std::vector<Peer> decoding;        // called with --model FILE.gguf, see bench/peers/llama_cpp_decoding.cc
  std::vector<Peer> products;        // called with the number of rounds; measures both sides itself
  std::vector<std::string> missing;  // sentences
};

// Reads the list. Error: BadInput, naming the file.
Result<Peers> ReadPeers(const std::string& path);

struct PeerOptions {
  std::vector<std::string> configurations, precisions;
  std::vector<size_t> threads;
  double seconds = 4;  // of each measurement
  size_t rounds = 5;   // at least kMinRounds
};

// Training, ours (`program bench train`, AdamW as the peers) and each peer's in turn, every measurement in a process of
// its own: medians of tokens per second and of the rounds' ratios, resident memory after steps, between saves. A peer
// that fails is noted and left out. Error: Failed when our own does.
Result<Findings> BenchPeerTraining(const Peers& peers, const std::string& program, const PeerOptions& options);

// Products: GFLOP/s of both sides and the geometric mean of the ratios, as the peers' programs measured them in one
// process each.
Findings BenchPeerProducts(const Peers& peers, size_t rounds);

// Standard output of a command. Error: Failed, when it does not start or does not end with exit code 0.
Result<std::string> OutputOf(const std::vector<std::string>& command);

}  // namespace cllm::measure
