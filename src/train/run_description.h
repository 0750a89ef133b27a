#pragma once

#include "monitor/events.h"
#include "train/session.h"

namespace cllm {

// What a session starts with, for its first event. peak_gflops: of the machine with these threads; 0: unknown.
RunDescription Describe(const Session& session, double peak_gflops);

}  // namespace cllm
