#pragma once

#include <memory>
#include <optional>
#include <string>

#include "data/prepared_corpus.h"
#include "infer/open_model.h"
#include "monitor/run_observer.h"
#include "store/run_directory.h"
#include "train/planner.h"
#include "train/run_config.h"

namespace cllm {

// What a training needs before its first step.
struct RunSetup {
  RunConfig config;  // planned
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<PreparedCorpus> corpus;
  std::unique_ptr<OpenedModel> from;  // the model to fine-tune, or none
  MachineSpeed machine;
  double step_seconds = 0;  // measured; 0 when not planned by time
};

// Opens and tokenizes the text, plans, checks memory. started: MonotonicSeconds() at the program's start, since --time
// counts from there. Nothing is written but the cache.
Result<RunSetup> SetUpRun(RunConfig config, double started, RunObserver& observer);

// The same for a run that exists: its own configuration and tokenizer.
Result<RunSetup> SetUpResume(const RunPaths& paths, RunConfig config, RunObserver& observer);

// NoResources, naming what is needed and what is there, unless the run fits into memory and (with `directory`, a run that
// is there or to be made) its checkpoints onto the disk. `text`: the estimate as printed for people.
Status CheckResources(const RunSetup& setup, const std::string& directory, std::string* text);

}  // namespace cllm
