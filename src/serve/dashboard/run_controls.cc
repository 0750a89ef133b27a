#include "serve/dashboard/run_controls.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/other_process.h"
#include "base/system.h"

namespace cllm {
namespace {

// A second SIGHUP never ends a training at once, whoever sent the first; a second SIGTERM does (terminal/signals.h).
// Where SIGHUP is not heard (nohup), SIGTERM it is. 0: neither.
int StopSignalOf(int process) {
  if (Handles(process, SIGHUP)) return SIGHUP;
  return Handles(process, SIGTERM) ? SIGTERM : 0;
}

// The process on this machine that writes the run and that this user may ask; 0 if there is none. That it has the lock
// open says that it is the one whose number the lock names, and not another one with that number.
int WriterOf(const ShownRun& run) {
  const auto& owner = run.owner();
  if (!owner || owner->process <= 0 || owner->process == getpid() || owner->host != HostName()) return 0;
  return HasOpen(owner->process, RunPaths{run.path()}.lock()) ? owner->process : 0;
}

Status CannotAsk(const ShownRun& run, const std::string& why) {
  return Usage(fmt::format("the run '{}' {}", run.name(), why));
}

Status AskLive(std::string_view what, const LiveRun& live) {
  RunControl& control = live.control();
  if (what == "save") {
    control.save_now.store(true, std::memory_order_relaxed);
  } else if (what == "sample") {
    control.sample_now.store(true, std::memory_order_relaxed);
  } else {
    int none = 0;
    control.stop_signal.compare_exchange_strong(none, SIGINT, std::memory_order_relaxed);
  }
  return {};
}

Status AskWriter(std::string_view what, const ShownRun& run, int process) {
  if (what == "sample") return CannotAsk(run, "is trained by another process, which takes no wish for a sample");
  const int signal = what == "save" ? (Handles(process, SIGUSR1) ? SIGUSR1 : 0) : StopSignalOf(process);
  if (signal == 0)
    return CannotAsk(run, fmt::format("is trained by process {}, which listens to no such signal", process));
  if (kill(process, signal) == 0) return {};
  return CannotAsk(run,
                   fmt::format("is trained by process {}, which cannot be asked: {}", process, SystemErrorText(errno)));
}

}  // namespace

std::vector<std::string> ControlsOf(const ShownRun& run, const LiveRun* live) {
  if (live != nullptr) {
    return live->state().ended ? std::vector<std::string>() : std::vector<std::string>{"save", "stop", "sample"};
  }
  std::vector<std::string> controls;
  const int process = WriterOf(run);
  if (process != 0 && Handles(process, SIGUSR1)) controls.push_back("save");
  if (process != 0 && StopSignalOf(process) != 0) controls.push_back("stop");
  return controls;
}

Status AskRun(std::string_view what, const ShownRun& run, const LiveRun* live) {
  if (live != nullptr) {
    return live->state().ended ? CannotAsk(run, "has come to its end") : AskLive(what, *live);
  }
  if (!run.owner()) return CannotAsk(run, "is not being trained now");
  const int process = WriterOf(run);
  if (process == 0) {
    return CannotAsk(run,
                     "is trained by another user or on another machine; ask there: Ctrl-C stops it, SIGUSR1 saves");
  }
  return AskWriter(what, run, process);
}

}  // namespace cllm
