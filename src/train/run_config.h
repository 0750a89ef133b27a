#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/shape.h"
#include "store/config_file.h"
#include "train/step_options.h"

namespace cllm {

enum class OnDivergence { kStop, kRollback };

// The number of the bits that a run makes: another one is needed whenever a change alters final weights.
inline constexpr uint64_t kNumerics = 2;

// Every choice of a training run. An empty optional is a choice that the planner makes; after planning all are set, and
// the configuration written to the run reproduces it. A plain value.
struct RunConfig : ShapeChoices {
  std::vector<std::string> text;
  std::vector<std::string> validation;  // --val
  std::string field = "text";           // of .jsonl lines
  std::string separator;                // between documents of a file
  std::string tokenizer;                // "bytes", "bpe:N", a directory; empty: planned
  std::string from;                     // a model to fine-tune

  std::optional<double> time_s;  // --time; empty with --steps
  std::optional<uint64_t> steps;
  std::optional<size_t> batch, item;

  OptimizerKind optimizer = OptimizerKind::kMuon;
  std::optional<double> rate, embedding_rate;  // --lr, --embedding-lr: peak rates
  uint64_t warmup = 100;
  double weight_decay = 0.1;
  std::optional<double> dropout;
  double lambda = 0.1;
  double clip = 1.0;
  uint64_t seed = 1;
  size_t threads = 0;  // 0: one per usable core
  std::string precision = "fp32";

  std::optional<uint64_t> eval_every, save_every;  // steps
  std::optional<uint64_t> eval_tokens;             // of the last evaluation at most; 0: the whole validation part
  uint64_t keep_every = 0;                         // checkpoints at multiples of this stay
  uint64_t samples = 3;                            // printed at the end; one is written at each evaluation
  uint64_t patience = 0;                           // evaluations without improvement before it ends; 0: no limit
  OnDivergence on_divergence = OnDivergence::kStop;
  uint64_t numerics = kNumerics;  // of the program that wrote the file it was read from; written is always kNumerics

  // REQUIRES: planned. Error (BadInput): dimensions against each other.
  Result<ModelShape> Shape(size_t vocabulary) const { return ShapeFrom(*this, vocabulary); }
  StepOptions Step() const;
};

// One option: flag "--name", environment CLLM_NAME, key `name` of the configuration file. The only table of its kind:
// command line, environment, files, help and completion are made from it.
struct OptionSpec {
  std::string_view name;     // "batch"; the environment variable is CLLM_BATCH, dashes become underscores
  std::string_view value;    // what follows the flag in help: "N", "RATE", "PATH"
  std::string_view initial;  // the default as shown in help
  std::string_view help;
  bool repeats = false;      // may be given several times
  // Parses and range-checks; Usage naming the option, what was expected and what was found.
  std::function<Status(RunConfig&, const std::string& text)> set;
  // The entries of the resolved configuration; none if unset.
  std::function<std::vector<std::string>(const RunConfig&)> get;
  bool bare = false;  // a number or boolean in TOML
  bool flag = false;  // alone it means true
  std::function<void(RunConfig&)> clear = {};  // empties an option that repeats
};
std::span<const OptionSpec> RunOptions();

// Contradictions between options that are each in range; before any file is read.
Status CheckRunConfig(const RunConfig& config);

// The resolved configuration as written to RUN/config.toml, and back.
std::vector<ConfigEntry> ToEntries(const RunConfig& config);
// Error: an unknown key, a value out of range; the text names `label` (the file) and the line.
Status ApplyEntries(const std::vector<ConfigEntry>& entries, const std::string& label, RunConfig& config);

// Format number of config.toml.
inline constexpr uint64_t kRunFormat = 1;

}  // namespace cllm
