#pragma once

#include "monitor/run_control.h"

namespace cllm {

// SIGINT and SIGTERM ask `control` to stop (a second one ends the process at once), SIGUSR1 to save; SIGPIPE is
// ignored. The former handlers return when this is destroyed. One at a time in a process.
class SignalScope {
 public:
  explicit SignalScope(RunControl& control);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;
};

}  // namespace cllm
