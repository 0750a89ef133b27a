#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/system.h"
#include "data/prepared_corpus.h"
#include "monitor/run_observer.h"
#include "run/machine_speed.h"
#include "run/open_model.h"
#include "run/run_choices.h"
#include "text/tokenizer.h"
#include "train/memory_estimate.h"
#include "train/pacer.h"
#include "train/training_plan.h"

namespace cllm {

// What a training needs before its first step. Movable; whatever trains refers to it, so it outlives that.
struct PreparedRun {
  RunChoices choices;  // all made: what the run's config.toml holds
  TrainingPlan plan;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<PreparedCorpus> corpus;
  std::unique_ptr<OpenedModel> from;  // the model to fine-tune, or none
  const ChatTemplate* chat = nullptr;  // of the model that will be; null: it continues texts
  MachineSpeed machine;
  MemoryEstimate memory;
  std::optional<double> step_seconds;  // measured, where the run goes by time
  std::optional<TimeBudget> time;      // of a run whose steps are decided on the way
  uint64_t expected_steps = 0;         // in total, as it looks before the first
  SecondsClock clock = MonotonicSeconds;      // that the time is measured with
  size_t ranks = 1;                           // that it trains on
  size_t workers = 0;                         // of them together; 0: alone
};

// Opens and tokenizes the text, learns the tokenizer, makes the choices that nobody made, and checks the memory.
// Nothing is written but the cache; what the user should know goes to the observer. started: MonotonicSeconds() when
// the time of choices.time_s began. ranks: that train together, each as fast as this one, which prepares. Error (Usage,
// BadInput, NoResources): a sentence with options in backquotes.
Result<PreparedRun> PrepareRun(RunChoices choices, double started, RunObserver& observer, size_t ranks = 1);

// Gives `choices` the shape and the tokenizer of the model to fine-tune. Error (Usage): others were chosen.
Status TakeShape(const ModelShape& shape, const std::string& tokenizer, RunChoices& choices);

// What PrepareRun and PrepareResume begin with: the machine's speed on the run's threads, and notes on its precision
// and on the numerics of its configuration.
MachineSpeed LookAtMachine(const RunChoices& choices, size_t ranks = 1);  // of all ranks together
void NoteSurprises(const RunChoices& choices, RunObserver& observer);

}  // namespace cllm
