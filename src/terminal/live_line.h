#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "monitor/events.h"
#include "terminal/progress_text.h"

namespace cllm {

// What rewrites one line at the bottom of a terminal and never lets it become wider than the window, so that it does
// not scroll. Has no thread and no clock.
class LineWriter {
 public:
  // reflows: the terminal breaks a line anew that has become too wide for a smaller window.
  explicit LineWriter(bool reflows) : reflows_(reflows) {}

  // What to write so that the line says `text` in a window of so many columns. REQUIRES: the text is narrower than the
  // window.
  std::string Rewrite(const std::string& text, size_t columns);
  // What to write so that the line is gone, and the cursor at its beginning.
  std::string Erase(size_t columns);
  // What to write so that the line stays and the next one begins.
  std::string Leave();
  bool open() const { return !shown_.empty(); }

 private:
  const bool reflows_;
  std::string shown_;
  size_t columns_ = 0;  // of the window when it was written
};

// Whether the terminal does, as its environment tells: all but xterm, screen and the console of Linux.
bool TerminalReflows();

// A run's step or phase on the last line of the terminal on standard error. A thread of its own looks at the window's
// size ten times a second, so that the line also fits while nothing happens, and lets the time of a phase go on.
// Thread-safe.
class LiveLine {
 public:
  LiveLine();
  ~LiveLine();  // a step's line stays, a phase's is erased

  void Step(const StepEvent& event);
  void Validation(const ValidationParts& validation);  // of the steps from here on
  void Phase(const PhaseEvent& event);
  // Writes whole lines above this one.
  void PrintAbove(const std::string& lines);
  // Leaves the step's line where it is.
  void End();

 private:
  void Watch(const std::stop_token& stop);
  void Paint(double now);  // these REQUIRE that mutex_ is held
  std::string Text(double now, size_t room) const;

  std::mutex mutex_;  // for all below
  std::condition_variable_any wake_;
  LineWriter writer_;
  std::optional<StepEvent> step_;
  ValidationParts validation_;
  std::optional<PhaseEvent> phase_;
  double phase_began_ = 0, painted_at_ = -1e9;
  std::jthread thread_;  // last: uses all others
};

}  // namespace cllm
