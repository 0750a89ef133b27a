#pragma once

#include <string>

#include "app/console.h"
#include "run/run_preparation.h"
#include "train/trainer.h"

// What `cllm train` and `cllm resume` say of a run before its first step and after its last one.
namespace cllm {

// "plan: ..." and "memory ...", a line each.
std::string PlanText(const PreparedRun& run);
// What of the run depends on the machine, and the command that repeats it all the same: lines below those, or "".
std::string RepeatText(const PreparedRun& run, const std::string& directory);

// How it ended, and the commands that are likely to come next, to be pasted.
std::string EndText(const RunSummary& summary, const std::string& run);
// "step 20 is saved", or what else there is to go on from.
std::string KeptText(const RunSummary& summary);
// How a run ended that a signal stopped.
std::string StoppedText(const RunSummary& summary, const std::string& run);

// The result as JSON.
std::string SummaryJson(const RunSummary& summary, const std::string& run);

// A sentence for a run that began to memorise its text, or "".
std::string MemorisedNote(const RunSummary& summary);

}  // namespace cllm
