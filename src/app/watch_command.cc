#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <optional>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/interrupts.h"
#include "app/messages.h"
#include "app/watch_display.h"
#include "base/file.h"
#include "base/path.h"
#include "base/system.h"
#include "base/wall_clock.h"
#include "corpus/cache_directory.h"
#include "history/followed_history.h"
#include "report/reported_run.h"
#include "report/run_screen.h"
#include "store/run_directory.h"
#include "terminal/window.h"

namespace cllm {
namespace {

constexpr int kLook_ms = 500;                                  // between looks at the log
constexpr double kLineInterval = 10;                           // seconds between lines, where no picture is drawn anew
constexpr size_t kColumnsElsewhere = 80, kRowsElsewhere = 24;  // of what is no terminal
constexpr char kKeyToLeave = '\033', kKeyToSuspend = '\032';

struct WatchFlags {
  std::string run, axis = "step";
  bool once = false, log_x = false, log_y = false;
};

// A run that is watched.
class WatchedRun {
 public:
  static Result<WatchedRun> Open(const std::string& path);

  bool IsRunning() const { return !RunLock::Holder(directory_).empty(); }
  Growth Follow() { return history_->Follow(); }
  // The picture for a window, of a run that is (or is not) running.
  std::vector<std::string> Picture(report::ScreenWishes wishes, bool running) const;
  std::string Line() const;

 private:
  WatchedRun(std::string name, std::string directory, std::unique_ptr<FollowedHistory> history)
      : name_(std::move(name)), directory_(std::move(directory)), history_(std::move(history)) {}

  std::string name_, directory_;
  std::unique_ptr<FollowedHistory> history_;
};

Result<WatchedRun> WatchedRun::Open(const std::string& path) {
  CLLM_ASSIGN(const std::string log, report::LogOf(path));
  const HistoryOptions options{.cache = DefaultCacheDirectory()};
  CLLM_ASSIGN(auto history, FollowedHistory::Open(log, options));
  return WatchedRun(report::ShortNames({path}).front(), IsDirectory(path) ? path : ParentPath(path),
                    std::move(history));
}

std::string StateOf(const RunFacts& facts, bool running) {
  if (running) return "running";
  if (facts.ended) return "finished";
  return facts.learning == Learning::kDiverged ? "diverged" : "stopped";
}

std::vector<std::string> WatchedRun::Picture(report::ScreenWishes wishes, bool running) const {
  wishes.name = name_;
  return history_->With([&](const RunHistory& history) {
    const RunFacts facts = FactsOf(history, WallClockSeconds(), running);
    wishes.state = StateOf(facts, running);
    if (!history.whole()) wishes.state += ", reading its log";
    if (history.gone()) wishes.state += ", its log has gone";
    return report::RunScreen(history, facts, wishes);
  });
}

std::string WatchedRun::Line() const {
  return history_->With(
      [](const RunHistory& history) { return report::RunLine(history, FactsOf(history, WallClockSeconds(), true)); });
}

bool HasNoCursor() { return EnvironmentVariable("TERM").value_or("dumb") == "dumb"; }

report::ScreenWishes WishesFor(const WatchFlags& flags) {
  const WindowSize window = WindowOf(STDOUT_FILENO);
  const bool terminal = window.columns != 0;
  const bool no_colour = !EnvironmentVariable("NO_COLOR").value_or("").empty();
  return {.name = {},
          .state = {},
          .columns = terminal ? window.columns : kColumnsElsewhere,
          .rows = terminal && window.rows != 0 ? window.rows : kRowsElsewhere,
          .unicode = TerminalShowsUnicode(),
          .colour = terminal && !no_colour && !HasNoCursor(),
          .axis = AxisNamed(flags.axis).value_or(Axis::kStep),
          .log_x = flags.log_x,
          .log_y = flags.log_y};
}

void PrintPicture(const WatchedRun& run, const WatchFlags& flags, bool running) {
  report::ScreenWishes wishes = WishesFor(flags);
  // The prompt that follows needs a line.
  wishes.rows = std::max<size_t>(2, wishes.rows) - 1;
  for (const std::string& line : run.Picture(wishes, running)) std::cout << line << "\n";
  std::cout.flush();
}

// True: the key ends the watching.
bool ObeyKey(char key, WatchFlags& flags, WatchDisplay& display) {
  constexpr const char* kAxes[] = {"step", "tokens", "seconds", "time"};
  switch (key) {
    case 'q':
    case 'Q':
    case kKeyToLeave:
      return true;
    case 'l':
      flags.log_y = !flags.log_y;
      break;
    case 'L':
      flags.log_x = !flags.log_x;
      break;
    case 'x': {
      const auto* at = std::find(std::begin(kAxes), std::end(kAxes), flags.axis);
      flags.axis = at + 1 >= std::end(kAxes) ? kAxes[0] : *(at + 1);
      break;
    }
    case kKeyToSuspend:
      display.Suspend();
      break;
    default:
      break;
  }
  return false;
}

// Draws the run anew whenever there is something new, until it ends or the person has seen enough. The signal that
// ended it, or 0.
int WatchLive(WatchedRun& run, WatchFlags& flags, Interrupts& interrupts) {
  WatchDisplay display;
  while (true) {
    // Before the log is read, so that the last records are seen.
    const bool running = run.IsRunning();
    run.Follow();
    if (!running) return 0;
    display.Show(run.Picture(WishesFor(flags), true));
    switch (interrupts.WaitFor(display.keys(), kLook_ms)) {
      case Interrupts::Woken::kInput:
        if (ObeyKey(display.TakeKey(), flags, display)) return 0;
        break;
      case Interrupts::Woken::kInterrupt:
        return SIGINT;
      case Interrupts::Woken::kStop:
        return interrupts.stop_signal();
      default:
        break;
    }
  }
}

// Prints a line now and then until the run ends. The signal that ended it, or 0.
int WatchInLines(WatchedRun& run, Interrupts& interrupts) {
  double printed_at = -kLineInterval;
  std::string printed;
  while (true) {
    const bool running = run.IsRunning();
    run.Follow();
    if (!running) return 0;
    const double now = MonotonicSeconds();
    if (std::string line = run.Line(); line != printed && now - printed_at >= kLineInterval) {
      std::cout << line << std::endl;
      printed = std::move(line);
      printed_at = now;
    }
    switch (interrupts.WaitFor(-1, kLook_ms)) {
      case Interrupts::Woken::kInterrupt:
        return SIGINT;
      case Interrupts::Woken::kStop:
        return interrupts.stop_signal();
      default:
        break;
    }
  }
}

// A run that has just begun has no log yet, which comes with its first step.
Result<WatchedRun> OpenWhenThere(const std::string& path, Interrupts& interrupts) {
  while (true) {
    Result<WatchedRun> run = WatchedRun::Open(path);
    if (run.ok() || !IsDirectory(path) || RunLock::Holder(path).empty()) return run;
    const Interrupts::Woken woken = interrupts.WaitFor(-1, kLook_ms);
    if (woken == Interrupts::Woken::kInterrupt || woken == Interrupts::Woken::kStop) return run;
  }
}

}  // namespace

Outcome WatchCommand(const Arguments& arguments) {
  CommandLine line(
      "watch",
      "Draws the losses of a run and how it is doing in the terminal, for as long as it runs; of any process's "
      "runs, also over ssh. Keys: q ends, x changes the axis, l and L make the axes logarithmic.",
      "cllm watch runs/book-1\n  cllm watch runs/book-1 --once --x seconds");
  WatchFlags flags;
  line.AddRequiredText("RUN", flags.run, "a run directory, or its log.jsonl");
  line.AddFlag("--once", flags.once, "one picture of how it is now");
  line.AddText("--x AXIS", flags.axis, "what the curves are drawn over: step, tokens, seconds or time [step]");
  line.AddFlag("--log-x", flags.log_x, "that axis logarithmic");
  line.AddFlag("--log-y", flags.log_y, "the axis of the losses logarithmic");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (!AxisNamed(flags.axis)) {
    return Usage(fmt::format("--x is '{}', expected step, tokens, seconds or time", flags.axis));
  }
  Interrupts interrupts;
  CLLM_ASSIGN(WatchedRun run, OpenWhenThere(flags.run, interrupts));
  int signal = 0;
  if (!flags.once && run.IsRunning()) {
    const bool draws = WindowOf(STDOUT_FILENO).columns != 0 && !HasNoCursor();
    signal = draws ? WatchLive(run, flags, interrupts) : WatchInLines(run, interrupts);
  }
  // It stays when the watching has ended. Of a log that is still being read, this is the newest part.
  run.Follow();
  PrintPicture(run, flags, run.IsRunning());
  return signal == 0 ? Outcome() : Outcome::StoppedBy(signal);
}

}  // namespace cllm
