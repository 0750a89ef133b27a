#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serve/dashboard/live_run.h"
#include "serve/dashboard/shown_run.h"

// What a dashboard may ask of a run: "save" (now), "stop" (finish the step, save, end) and "sample" (write a text now).
// Of a run of this process through its control; of another one of this machine and user by the signals that a person
// would send, never one that would end a process which does not expect it.
namespace cllm {

// What may be asked of the run now. live: null where another process trains it, or none.
std::vector<std::string> ControlsOf(const ShownRun& run, const LiveRun* live);

// Asks; the answer is the run's to give, between two steps. Error (Usage): it cannot be asked that here: a sentence.
Status AskRun(std::string_view what, const ShownRun& run, const LiveRun* live);

}  // namespace cllm
