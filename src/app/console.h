#pragma once

#include <string>

#include "monitor/run_observer.h"

namespace cllm {

// How progress is written on standard error.
enum class ConsoleStyle {
  kBar,    // one line that is rewritten: a terminal
  kLines,  // plain lines now and then: a file, a pipe, NO_COLOR or TERM=dumb
  kQuiet,  // notes only
};
ConsoleStyle ChooseConsoleStyle(bool quiet);

// A run's progress for people, on standard error. Node Zero only.
class ConsoleObserver : public RunObserver {
 public:
  explicit ConsoleObserver(ConsoleStyle style) : style_(style) {}
  ~ConsoleObserver() override { Break(); }
  ConsoleObserver(const ConsoleObserver&) = delete;
  ConsoleObserver& operator=(const ConsoleObserver&) = delete;

  void OnStep(const StepEvent& event) override;
  void OnEvaluation(const EvaluationEvent& event) override;
  void OnSkippedSave(const SkippedSaveEvent& event) override;
  void OnNote(const NoteEvent& event) override;
  void OnRollback(const RollbackEvent& event) override;
  void OnEnd(const EndEvent& event) override;

 private:
  void Note(const std::string& sentence);
  void Break();  // ends a line that is being rewritten

  ConsoleStyle style_;
  bool line_open_ = false;
  double shown_at_ = -1e9;
  std::string validation_;
};

// "step 100/2000 [=====     ] loss 2.3456 val 2.31 | 23,000 tok/s | 58% of peak | eta 1m20s (12:34:56)", the bar in
// style kBar only; the time left from the tenth step on. validation: as it follows the loss, or empty.
std::string ProgressText(const StepEvent& event, const std::string& validation, ConsoleStyle style);

}  // namespace cllm
