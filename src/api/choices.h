#pragma once

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "cllm/training.h"
#include "run/run_choices.h"

namespace cllm {

// What the caller chose, its texts aside. Error (Usage): a number out of range, or both a time and steps.
Result<RunChoices> ChoicesOf(const TrainOptions& options);

// How far a run that exists is to go, on how many threads, with which patience: checked as above and put into its
// choices.
Status TakeGoal(const ResumeOptions& options, RunChoices& choices);

}  // namespace cllm
