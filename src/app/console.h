#pragma once

#include <memory>
#include <string>

#include "monitor/run_observer.h"
#include "terminal/live_line.h"
#include "terminal/progress_text.h"

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
  explicit ConsoleObserver(ConsoleStyle style);
  ConsoleObserver(const ConsoleObserver&) = delete;
  ConsoleObserver& operator=(const ConsoleObserver&) = delete;

  void OnStep(const StepEvent& event) override;
  void OnPhase(const PhaseEvent& event) override;
  void OnEvaluation(const EvaluationEvent& event) override;
  void OnSkippedSave(const SkippedSaveEvent& event) override;
  void OnNote(const NoteEvent& event) override;
  void OnRollback(const RollbackEvent& event) override;
  void OnEnd(const EndEvent& event) override;

  // Lines of the command's own, wrapped to the window but for those that begin with a space: commands, to be pasted.
  // Not in style kQuiet.
  void Say(const std::string& text);
  // The same in every style: what nobody should miss.
  void SayAlways(const std::string& text);

 private:
  void Note(const std::string& sentence);
  void Print(const std::string& text);  // whole lines, above the one that is rewritten

  const ConsoleStyle style_;
  std::unique_ptr<LiveLine> line_;  // in style kBar
  double shown_at_ = -1e9;          // the last step or share of a phase, in style kLines
  std::string phase_;
  double phase_began_ = 0;
  uint64_t step_ = 0;               // the last one
  ValidationParts validation_;
  uint64_t sample_tokens_ = 0;  // of the evaluations that are compared; 0: none yet
};

}  // namespace cllm
