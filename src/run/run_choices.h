#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "model/shape.h"
#include "train/training_plan.h"

namespace cllm {

// Every choice of a training run. An empty optional is a choice that the planner makes; once it has made them all, the
// choices written to the run reproduce it. A plain value.
struct RunChoices : ShapeChoices {
  std::vector<std::string> text;        // files, directories, globs, "-"
  std::vector<std::string> validation;  // empty: a part of the text
  std::vector<std::string> include, exclude;  // patterns of what is found in folders and by globs
  std::string field = "text";           // of .jsonl lines
  std::string separator;                // between documents of a file
  std::string tokenizer;                // "bytes", "bpe:N", a directory; empty: planned
  bool chat = false;                    // lists of messages in .jsonl are dialogues, whose assistant is learned
  std::string from;                     // a model to fine-tune

  std::optional<double> time_s;   // from the program's start on; empty once the run's last step is decided
  std::optional<uint64_t> steps;
  std::vector<Breakpoint> pace;   // as a run by time recorded it (Schedule::Pace); to its end where steps are named
  std::optional<size_t> batch, item;
  uint64_t max_workers = 0;  // of all ranks, in the largest cluster that items are planned for; 0: nobody's

  OptimizerKind optimizer = OptimizerKind::kMuon;
  std::optional<double> rate, embedding_rate;  // peak rates
  uint64_t warmup = 100;
  double weight_decay = 0.1;
  std::optional<double> dropout;
  double lambda = 0.1;
  double clip = 1.0;
  uint64_t seed = 1;
  size_t threads = 0;  // 0: one per usable core
  std::optional<Precision> precision;

  std::optional<uint64_t> eval_every, save_every;  // steps
  std::optional<uint64_t> eval_tokens;             // of the last evaluation at most; 0: the whole validation part
  uint64_t keep_every = 0;                         // checkpoints at multiples of this stay
  uint64_t samples = 3;                            // written at the end; one is written at each evaluation
  uint64_t patience = 0;                           // evaluations without improvement before it ends; 0: no limit
  OnDivergence on_divergence = OnDivergence::kStop;
  uint64_t numerics = kNumerics;  // of the program that wrote the file it was read from; written is always kNumerics
};

// Contradictions between choices that are each in range; before any file is read. Error (Usage): names the options, in
// backquotes as every message of this room does: `kv-heads`. A program with flags writes --kv-heads instead.
Status CheckChoices(const RunChoices& choices);

}  // namespace cllm
