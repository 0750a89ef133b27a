#pragma once

#include <string>

#include "monitor/run_control.h"

namespace cllm {

// Takes the signals of a training for as long as it lives; then their former handlers return.
//
// SIGINT, SIGTERM and SIGHUP (unless it is ignored, as by nohup) stop: before LeaveStopsToTheRun they end the process
// at once with 128 + their number, after a sentence and without its temporary files; from then on they ask `control`,
// and a second SIGINT or SIGTERM ends the process at once. (A second SIGHUP does not: shell and kernel both send one
// when a terminal goes away, and systemd sends one after a SIGTERM.) SIGXCPU, sent when `ulimit -St` is used up, asks
// as they do. SIGUSR1 asks `control` to save, also before there is a run. SIGPIPE is ignored from here on. One at a
// time in a process.
class SignalScope {
 public:
  // kept: what the sentence says is there; cache: the directory with files of this process named "*.tmp-PID-*".
  SignalScope(RunControl& control, const std::string& kept, const std::string& cache);
  ~SignalScope();
  SignalScope(const SignalScope&) = delete;
  SignalScope& operator=(const SignalScope&) = delete;

  void LeaveStopsToTheRun();
  // From now on a SIGINT or SIGTERM within three seconds after the first is that one again: launchers pass on what the
  // terminal or the queue has sent already.
  void TakeRepeatsAsOne();
};

}  // namespace cllm
