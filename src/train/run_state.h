#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_file.h"
#include "store/checkpoint.h"
#include "store/safetensors.h"
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

// One of a tensor's moments, as a checkpoint has them.
enum class Moment { kFirst, kSecond };
// Gives one; it is viewed until the next is asked for.
using MomentReader = std::function<Result<std::span<const float>>(const TensorInfo& info, Moment moment)>;

// The files of a checkpoint; they view weights and moments until written. moments: where those come from, in place of
// an optimizer that owns all.
std::vector<CheckpointFile> CheckpointFiles(const Parameters& parameters, const Optimizer& optimizer,
                                            const RunState& state);
std::vector<CheckpointFile> CheckpointFiles(const Parameters& parameters, const Optimizer& optimizer,
                                            const MomentReader& moments, const RunState& state);

// Loads what CheckpointFiles wrote. Error (BadInput): damaged, or of another shape or optimizer.
Result<RunState> ReadState(const std::string& directory);
Status ReadMoments(const std::string& directory, const Parameters& parameters, Optimizer& optimizer);

// The parts of it. A file of moments. Error (BadInput): damaged.
Result<SafetensorsFile> OpenMoments(const std::string& directory);
Status ReadMoment(const SafetensorsFile& file, const TensorInfo& info, Moment moment, std::span<float> out);

// The state as the text of its file, and back. label: of the text, in errors, which are BadInput.
std::string StateText(const RunState& state);
Result<RunState> ParseState(std::string_view text, const std::string& label);

}  // namespace cllm
