#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "cluster/communicator.h"

namespace cllm {

// Seconds of patience that are never over in a test that passes.
inline constexpr double kLongPatience = 600;

// What goes wrong in a team of threads.
struct TeamFaults {
  size_t piece_bytes = (64 << 10) + 8;  // messages are cut into pieces of 8 bytes less; more than 8
  // Pieces arrive up to so many looks late, each other (by seed), in order on their channel as ever.
  uint32_t delay = 0;
  uint64_t seed = 1;
  // This rank stops like a process by SIGSTOP, in its first look after it began so many pieces, until all others have
  // ended.
  std::optional<size_t> silent_rank = {};
  uint64_t silent_after = 0;
};

// The ranks of a training as threads of one process, over the code that also cuts the messages for MPI. A message is
// read from its sender's memory only when it is delivered, so memory that was touched too early shows in what
// arrives.
class ThreadTeam {
 public:
  explicit ThreadTeam(size_t ranks, TeamFaults faults = {}) : ranks_(ranks), faults_(faults) {}

  struct Outcome {
    std::optional<int> aborted;  // the code of the first Abort, which ended all ranks
    std::vector<char> ended;     // by rank: whether its body returned
    bool all_ended() const;
  };
  // Runs body once for each rank, each in a thread of its own (one rank: in this one). An Abort ends the bodies by an
  // exception, at their next call of the communicator.
  Outcome Run(const std::function<void(Communicator&)>& body) const;

 private:
  size_t ranks_;
  TeamFaults faults_;
};

}  // namespace cllm
