#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cllm/error.h"
#include "cllm/events.h"
#include "cllm/text.h"
#include "cllm/visibility.h"

namespace cllm::inline api {

enum class OptimizerChoice { kMuon, kAdamW };
enum class PrecisionChoice { kFp32, kBf16 };  // of the numbers that matrix products read
enum class DivergenceChoice { kStop, kRollback };

// A training. What is left out is planned from the text and from `time_s` or `steps`; `cllm help train` and
// docs/options.md say more of each, by the same names with dashes. A plain value.
struct TrainOptions {
  Text text = {};
  Text validation = {};        // empty: the last tenth of the text. Of this one, files or documents alone count
  // Of the run: new or empty. Left out: runs/<name of the text>-<n> in the working directory; from memory the name is
  // given_text.
  std::string directory = {};

  // How long: one of the two. Neither: ten minutes. The result is the same wherever it is trained only with `steps`;
  // what a training by time decided stands in its config.toml, from which `cllm train --config` repeats it exactly.
  std::optional<double> time_s = {};   // from the call on; at least 5
  std::optional<uint64_t> steps = {};  // [1, 1e9]

  // The vocabulary: "bytes", "bpe:N" (N sub-words, learned), or a directory with tokenizer.json and lattice.json.
  std::string tokenizer = {};
  std::string from = {};  // a model to train further, as Model::Open takes it; it brings its shape and vocabulary

  // The shape of the model: L layers of C channels, F in the feed-forward part, H heads, contexts of T tokens.
  std::optional<size_t> layers = {}, heads = {}, width = {}, hidden = {}, context = {};
  std::optional<size_t> kv_heads = {}, head_dim = {};
  std::optional<bool> untied = {};
  std::optional<double> rope_base = {}, norm_eps = {};
  // Rotary frequencies stretched to a longer context as Llama 3.1 does it: factor, turns below and above, former context.
  std::optional<double> rope_factor = {}, rope_low = {}, rope_high = {};
  std::optional<size_t> rope_original = {};

  std::optional<size_t> batch = {}, item = {};  // sequences of a step, and of a work item; [1, 65536]
  OptimizerChoice optimizer = OptimizerChoice::kMuon;
  std::optional<double> rate = {}, embedding_rate = {};  // at their peak
  uint64_t warmup = 100;                                 // steps in which the rate rises to its peak
  double weight_decay = 0.1;
  std::optional<double> dropout = {};  // [0, 0.95]
  double lambda = 0.1;                 // weight of roots and forms in the loss
  double clip = 1.0;                   // largest norm of a gradient; 0: no limit
  uint64_t seed = 1;                   // below 2^63
  size_t threads = 0;                  // workers; 0: one for each usable core. The result does not depend on it
  std::optional<PrecisionChoice> precision = {};

  std::optional<uint64_t> eval_every = {}, save_every = {};  // steps
  std::optional<uint64_t> eval_tokens = {};  // that the last evaluation looks at; 0: the whole validation part
  uint64_t keep_every = 0;                   // checkpoints at multiples of this stay; 0: none
  bool samples = true;                       // a text is written at each evaluation
  uint64_t patience = 0;                     // evaluations without improvement that end the training; 0: no limit
  DivergenceChoice on_divergence = DivergenceChoice::kStop;
};

// How a training ended.
struct TrainedRun {
  std::string directory = {};  // of the run: what Model::Open, Resume and `cllm` take
  uint64_t step = 0;           // done
  uint64_t total_steps = 0;
  std::optional<uint64_t> saved_step;  // the last one on disk; none: nothing could be saved
  // A caller stopped it; Resume goes on. The members below are zero then.
  bool stopped = false;
  bool patience_ended = false;
  uint64_t best_step = 0;    // whose weights validation found best: what Model::Open(directory) opens
  double token_loss = 0;     // of these, nats per token
  double bits_per_byte = 0;  // of these
  bool whole = false;        // over all of the validation part, else over as much as eval_tokens says
  bool memorised = false;    // validation became worse while training became better
  double seconds = 0;        // of training in this call
};

// Trains a new model, on the calling thread and `threads` workers that end with the call. Any number of trainings may
// run at once, in different directories; they share the cores.
//
// A stop (Watch) takes effect after the step in progress: the state is saved and the call gives a TrainedRun with
// `stopped`. Before the first step there is no run yet: the error is kStopped then, and nothing stays but what the
// cache has of the text.
//
// Errors: kBadOption, kBadInput, kNoResources before the run exists, which leave no directory; kDiverged, kFailed and
// kCallback, after which Resume goes on from the last checkpoint. A save that fails is a Note and ends nothing.
CLLM_API Expected<TrainedRun> Train(const TrainOptions& options, const Watch& watch = {});

// Going on with a run. A plain value.
struct ResumeOptions {
  std::string directory = {};  // of the run
  // How far: to `steps` in total, or for about `time_s` from the call on. Neither: to the planned end, or of a run by
  // time for what was left.
  std::optional<uint64_t> steps = {};
  std::optional<double> time_s = {};
  // The run's own text where it lies now, if that is elsewhere than it was; what else Text says is the run's. Left out:
  // looked for where it was, near the run, and as tokens in the cache. Files only; a text from memory lies in the run.
  std::vector<std::string> text_files = {}, validation_files = {};
  size_t threads = 0;                   // 0: one for each usable core
  std::optional<uint64_t> patience = {};  // left out: the run's
};

// Goes on from the newest valid checkpoint; a run that was stopped and goes on ends with the bits of one that was
// not. The rest is as with Train. Error kBadOption: another process or call writes the run, or the end is before the
// planned one; kBadInput: no run, no valid checkpoint, another text.
CLLM_API Expected<TrainedRun> Resume(const ResumeOptions& options, const Watch& watch = {});

}  // namespace cllm::inline api
