#pragma once

#include "serve/dashboard/live_run.h"
#include "store/json.h"

namespace cllm {

// What spheres did, a row a leaf and a row a group: {"known", "step", "leaves", "groups", "permits", "seconds"}. Of a
// record of the log, which has a column for each number, and of a run that trains now.
JsonFields SphereFieldsOf(const JsonObject& record);
JsonFields SphereFieldsOf(const LiveRun::State& state);

}  // namespace cllm
