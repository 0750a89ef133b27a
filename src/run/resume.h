#pragma once

#include <optional>
#include <string>

#include "base/system.h"
#include "run/run_preparation.h"
#include "store/run_directory.h"

namespace cllm {

// How long a run is to go on. At most one of them.
struct ResumeGoal {
  std::optional<uint64_t> steps;  // of the whole run, in total
  std::optional<double> time_s;   // of the command, from now on
  double started = MonotonicSeconds();
  size_t ranks = 1;  // to go on with
};

// What going on needs. Movable; whatever trains refers to it, so it outlives that.
struct PreparedResume {
  PreparedRun run;
  std::string directory;          // of the run
  RunLock lock;                   // on it
  std::string checkpoint;         // the directory of the newest valid one
  std::optional<uint64_t> total;  // steps, where they are not the planned ones and named
};

// Prepares the run in `directory` to go on from its newest valid checkpoint: its own text and tokenizer, and `choices`,
// which are its own (ReadRunChoices) but for threads, samples and patience, and for the text where somebody names where
// that lies now; else it is looked for (run_text.h). Tells of checkpoints that are skipped, and how to go on with a run
// that is complete or that patience ended. Error: Usage: another process writes it, or the goal is before the planned
// end; BadInput: there is no such run, no valid checkpoint, or a damaged file; NoResources.
Result<PreparedResume> PrepareResume(const std::string& directory, RunChoices choices, const ResumeGoal& goal,
                                     RunObserver& observer);

// Where a run is.
struct RunProgress {
  uint64_t step = 0;     // done
  uint64_t planned = 0;  // in total; of a run by time, those decided so far
  bool open = false;     // it goes by time, and its last step is not decided
  bool patience_ended = false;
};
// The total of steps that is named; none: the planned one, or by time. step_seconds: needed with a time. Error (Usage):
// they are fewer than planned, or the time ends before the planned end.
Result<std::optional<uint64_t>> ResolveGoal(const ResumeGoal& goal, const RunProgress& progress, double step_seconds);

}  // namespace cllm
