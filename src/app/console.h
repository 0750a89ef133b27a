#pragma once

#include <string>

#include "train/run_observer.h"

namespace cllm {

// How progress is written on standard error.
enum class ConsoleStyle {
  kBar,    // one line that is rewritten: a terminal
  kLines,  // plain lines now and then: a file, a pipe, NO_COLOR or TERM=dumb
  kQuiet,  // notes only
};
ConsoleStyle ChooseConsoleStyle(bool quiet);

// A run's progress for people. Node Zero only.
class ConsoleObserver : public RunObserver {
 public:
  explicit ConsoleObserver(ConsoleStyle style) : style_(style) {}

  void OnStep(const StepReport& report) override;
  void OnEvaluation(const EvaluationReport& report) override;
  void OnSave(uint64_t step, const std::string& directory) override;
  void OnNote(const std::string& sentence) override;
  // Ends a line that is being rewritten.
  void Break();

 private:
  ConsoleStyle style_;
  bool line_open_ = false;
  double shown_at_ = -1e9;
  std::string validation_;
};

// "step 100/2000 [=====>    ] loss 2.3456 val 2.31 | 23,000 tok/s | 58% of peak | eta 1m20s (12:34:56)".
std::string ProgressText(const StepReport& report, const std::string& validation, bool bar);

// Control bytes other than newline and tab, and invalid UTF-8, made visible, so that no text of a model can upset a
// terminal.
// The program as it was called, for commands that the user may copy: "./cllm", else "cllm".
std::string ProgramName();

std::string ForTerminal(const std::string& text);

}  // namespace cllm
