#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "data/prepared_corpus.h"
#include "data/sampler.h"
#include "store/json_log.h"
#include "store/run_directory.h"
#include "train/exact_step.h"
#include "train/run_config.h"
#include "train/run_observer.h"
#include "train/run_state.h"
#include "train/validation.h"

namespace cllm {

// How a run ended.
struct RunSummary {
  uint64_t step = 0;
  int stop_signal = 0;      // 0: it ran to its end
  bool patience_ended = false;
  MeanScores scores;        // of `best`, over the whole validation part
  double bits_per_byte = 0;
  uint64_t best_step = 0;
  bool memorised = false;   // validation rose while training fell: `best` is an earlier step
  double seconds = 0;       // of training in this session
};

// One run on Node Zero: steps, evaluations, checkpoints, log, samples. Owns the step; everything else outlives it.
// Thread-compatible.
class Trainer {
 public:
  struct Parts {
    RunConfig config;  // planned
    RunPaths paths;    // an existing run directory, locked by the caller
    const Tokenizer* tokenizer = nullptr;
    const PreparedCorpus* corpus = nullptr;
    FileSystem* files = nullptr;
    RunObserver* observer = nullptr;
    RunControl* control = nullptr;
    double peak_gflops = 0;  // of the machine with these threads; 0: unknown
  };
  static Result<std::unique_ptr<Trainer>> Create(Parts parts);

  // A new run: weights from the seed, or a copy of `weights` (fine-tuning). Saves step 0.
  Status Begin(const Parameters* weights);
  // Goes on from a checkpoint directory, to `steps` in total if given (see Schedule::Extend).
  Status Continue(const std::string& checkpoint, std::optional<uint64_t> steps);

  // Runs to the end, a signal, or divergence (after saving the last good state).
  Result<RunSummary> Train();

  ExactStep& step() { return *step_; }
  const RunState& state() const { return state_; }

 private:
  explicit Trainer(Parts parts);

  Status Load(const std::string& checkpoint);  // state, weights and moments
  Status WriteStart(const char* kind);
  Status TrainStep();
  Status ReadWindow(uint64_t sequence, std::span<uint32_t> out) const;
  Status AfterStep(const StepResult& result, double seconds);
  Status EvaluateAndKeepBest();
  void WriteSample();
  Status AppendSample(const std::string& text) const;
  Status Save();
  Status HandleDivergence(const Status& diverged);
  Result<RunSummary> Finish();
  Result<EvaluationReport> EvaluateWhole();
  void LogEvaluation(const EvaluationReport& report);
  // A log that cannot be written (a full disk) does not end the run: records are left out until it can.
  void Log(JsonFields fields);
  double TokensPerStep() const;

  Parts parts_;
  ModelConfig model_;
  std::unique_ptr<ExactStep> step_;
  Sampler sampler_;
  Validation validation_;
  Checkpoints checkpoints_;
  std::unique_ptr<JsonLog> log_;
  RunState state_;
  double session_start_ = 0;
  double step_seconds_ = 0;  // exponential mean, for speed and ETA
  uint64_t saved_step_ = ~uint64_t{0};
  std::optional<uint64_t> back_at_;  // the step of the last rollback, while no step has followed it
  bool log_fails_ = false;
  double last_training_nats_ = 0;
};

}  // namespace cllm
