#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/seconds_clock.h"
#include "monitor/run_observer.h"

namespace cllm {

// Hands events on to an observer that wants to know where a run is, not each of its steps: of steps, and of the
// progress of a phase, the first in each `interval`. The last step before any other event is never left out. Costs a
// look at a clock for a step that is left out. Thread-compatible.
class ThinnedObserver : public RunObserver {
 public:
  // observer: outlives this.
  ThinnedObserver(RunObserver& observer, double interval_s, SecondsClock clock)
      : observer_(observer), interval_s_(interval_s), clock_(std::move(clock)) {}

  void OnStart(const StartEvent& event) override { Pass(&RunObserver::OnStart, event); }
  void OnResume(const ResumeEvent& event) override { Pass(&RunObserver::OnResume, event); }
  void OnPace(const PaceEvent& event) override { Pass(&RunObserver::OnPace, event); }
  void OnStep(const StepEvent& event) override;
  void OnPhase(const PhaseEvent& event) override;
  void OnEvaluation(const EvaluationEvent& event) override { Pass(&RunObserver::OnEvaluation, event); }
  void OnSample(const SampleEvent& event) override { Pass(&RunObserver::OnSample, event); }
  void OnSave(const SaveEvent& event) override { Pass(&RunObserver::OnSave, event); }
  void OnSkippedSave(const SkippedSaveEvent& event) override { Pass(&RunObserver::OnSkippedSave, event); }
  void OnNote(const NoteEvent& event) override { Pass(&RunObserver::OnNote, event); }
  void OnDivergence(const DivergenceEvent& event) override { Pass(&RunObserver::OnDivergence, event); }
  void OnRollback(const RollbackEvent& event) override { Pass(&RunObserver::OnRollback, event); }
  void OnEnd(const EndEvent& event) override { Pass(&RunObserver::OnEnd, event); }

 private:
  template <typename Event>
  void Pass(void (RunObserver::*function)(const Event&), const Event& event) {
    PassHeldStep();
    (observer_.*function)(event);
  }
  void PassHeldStep();
  bool IsDue();

  RunObserver& observer_;
  const double interval_s_;
  const SecondsClock clock_;
  std::optional<double> passed_s_;  // when a step or progress was handed on last
  StepEvent held_;                  // the last one that was not; keeps its memory
  bool holds_ = false;
  std::string phase_;  // that is under way
};

}  // namespace cllm
