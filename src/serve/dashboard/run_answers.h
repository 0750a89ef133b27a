#pragma once

#include <string>
#include <vector>

#include "serve/dashboard/live_run.h"
#include "serve/dashboard/shown_run.h"
#include "store/json.h"

namespace cllm {

// What an answer on a run needs beside the run.
struct RunAnswerContext {
  double now = 0;                   // seconds since 1970
  const LiveRun* live = nullptr;    // where this process trains it
  std::string program = "cllm";     // as it was called, for commands that a person copies
  std::vector<std::string> controls = {};  // what may be asked of the run here
};

// A row of the list of runs.
JsonFields SummaryFields(const ShownRun& run, const RunAnswerContext& context);

// All about a run but its curves: the summary, its description and configuration, the commands to repeat and to go on,
// checkpoints, sessions, events, and what its log says of how it is doing.
JsonFields DetailFields(ShownRun& run, const RunAnswerContext& context);

// What the spheres did last: of a live run now, else as its log says.
JsonFields SphereFields(ShownRun& run, const LiveRun* live);

}  // namespace cllm
