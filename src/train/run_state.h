#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/model_file.h"
#include "store/checkpoint.h"
#include "train/optimizer.h"
#include "train/schedule.h"

namespace cllm {

// What a checkpoint holds beside weights and moments: all that the next step depends on, and the progress so far.
struct RunState {
  uint64_t step = 0;    // steps done
  uint64_t tokens = 0;  // trained on
  Schedule schedule;
  double rate_scale = 1;  // halved by each rollback
  uint64_t rollbacks = 0;
  double smooth_loss = 0;
  double best_nats = 0;  // validation, nats per token; meaningful once best_step is set
  uint64_t best_step = 0;
  uint64_t worse_evaluations = 0;  // in a row, since the best
  double elapsed_s = 0;            // of training, over all sessions
  double time_left_s = 0;          // of a run by time, until its end; meaningful while the schedule is open
  std::string corpus_hash, tokenizer_hash;
};

inline constexpr const char* kOptimizerFileName = "optimizer.safetensors";
inline constexpr const char* kStateFileName = "state.json";

// The files of a checkpoint; they view weights and moments until written.
std::vector<CheckpointFile> CheckpointFiles(const Parameters& parameters, const Optimizer& optimizer,
                                            const RunState& state);

// Loads what CheckpointFiles wrote. Error (BadInput): damaged, or of another shape or optimizer.
Result<RunState> ReadState(const std::string& directory);
Status ReadMoments(const std::string& directory, const Parameters& parameters, Optimizer& optimizer);

}  // namespace cllm
