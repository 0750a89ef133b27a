#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/system.h"
#include "data/prepared_corpus.h"
#include "data/window_order.h"
#include "monitor/run_control.h"
#include "monitor/run_observer.h"
#include "store/file_system.h"
#include "train/evaluations.h"
#include "train/learning_watch.h"
#include "train/progress.h"
#include "train/rollback.h"
#include "train/run_checkpoints.h"
#include "train/training_plan.h"
#include "train/session.h"

namespace cllm {

// How a run ended.
struct RunSummary {
  uint64_t step = 0;
  uint64_t planned = 0;                // the step to end at
  int stop_signal = 0;                 // 0: it ran to its end, its last evaluation included
  std::optional<uint64_t> saved_step;  // the last one that was saved; none: nothing could be
  bool patience_ended = false;
  MeanScores scores;  // of `best`, by the last evaluation
  double bits_per_byte = 0;
  uint64_t best_step = 0;
  bool whole = false;      // over all of the validation part, else over a part of it: that many tokens
  uint64_t tokens = 0;
  bool of_answers = false;  // of dialogues, whose assistant's tokens alone are scored
  bool memorised = false;  // validation rose while training fell: `best` is an earlier step
  double seconds = 0;      // of training in this session
};

// One run on Node Zero: steps, evaluations, samples and checkpoints, each told to the observer once. Owns the step;
// everything else outlives it. Of a team each rank has one, with the same plan, and calls the same functions; the first
// has the run directory and decides whatever depends on clocks, signals or disks. Thread-compatible.
class Trainer {
 public:
  struct Parts {
    TrainingPlan plan;
    std::string run;  // an existing run directory, locked by the caller; of the first rank
    const Tokenizer& tokenizer;
    const PreparedCorpus& corpus;
    FileSystem& files;
    RunObserver& observer;  // of all that happens; a FanOut where there are several or one may fail
    RunControl& control;
    double peak_gflops = 0;  // of the machine with these threads; 0: unknown
    std::optional<TimeBudget> time = {};  // of a run whose schedule is open or is to go on for so long
    SecondsClock clock = MonotonicSeconds;
    RankTeam* team = nullptr;  // null: alone
  };
  static Result<std::unique_ptr<Trainer>> Create(Parts parts);
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  // A new run: weights from the seed, or those of a model (fine-tuning), which the first rank has. Saves step 0.
  Status Begin(const StoredModel* weights);
  // Goes on from a checkpoint directory, on the plan's schedule where that continues the checkpoint's, to `steps` in
  // total if given (see Schedule::Extend), which patience that was lost does not hinder, else for the time of the parts
  // where there is one. REQUIRES: steps is no less than the total of the checkpoint's schedule; a time, where that is
  // open and no steps are given.
  Status Continue(const std::string& checkpoint, std::optional<uint64_t> steps);

  // Runs to the end, a signal, or divergence (after saving the last good state).
  // A save that fails is told and ends nothing.
  Result<RunSummary> Train();

  // Texts that the present weights make of nothing, with seeds from options.seed on: one batch on all workers. Cut off
  // where somebody asks to stop.
  struct SampleOptions {
    size_t count = 1;
    size_t tokens = 200;
    uint64_t seed = 1;
  };
  using Samples = std::vector<std::string>;
  Samples WriteSamples(const SampleOptions& options);

  ExactStep& step() { return *session_.step; }
  const RunState& state() const { return session_.state; }

 private:
  // `alone` is the team of a rank that has none.
  static Session NewSession(Parts& parts, RankTeam& alone, std::unique_ptr<Spheres> spheres,
                            std::unique_ptr<ExactStep> step);
  Trainer(Parts parts, std::unique_ptr<Spheres> spheres, std::unique_ptr<ExactStep> step);

  Status CheckGoesOn(const RunState& state, const std::string& checkpoint) const;
  // A sentence for the user if `steps` or the time extends the schedule, else empty.
  std::string ExtendSchedule(std::optional<uint64_t> steps);
  void StartPacer();
  Status DecidePace();  // where the decided steps are done
  void NotePinning();
  bool Ends() const;  // by its steps, a signal or lost patience
  Status TrainStep();
  void SkipStep();
  Status AfterStep();
  bool EvaluationIsDue() const;
  Status GatherRanks(SphereStatistics& spheres);  // adds all ranks' to this one's
  Status RegularWork();
  Status Answer(bool evaluated);
  Status CompareWeights();
  WorkPlan PlannedWork() const;
  Status RegularEvaluation(bool& best);
  void Say(const std::string& sentence);  // nothing if it is empty
  void NotePatience();
  Status TellSample();
  Result<RunSummary> Finish();
  Status Conclude(RunSummary& summary);

  RankTeam alone_;
  Session session_;
  WindowOrder window_order_;
  RunCheckpoints checkpoints_;
  Evaluations evaluations_;
  Rollback rollback_;
  Progress progress_;
  LearningWatch watch_;
  uint64_t skipped_steps_ = 0;  // of this session
  double peak_gflops_;
  std::optional<TimeBudget> time_;
  double session_start_ = 0;
};

}  // namespace cllm
