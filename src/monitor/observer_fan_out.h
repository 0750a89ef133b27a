#pragma once

#include <string>
#include <vector>

#include "monitor/run_observer.h"

namespace cllm {

// Forwards each event to any number of observers, in the order in which they were added. One that throws is switched
// off, and the others get a note that names it and says why. Observers may tell it a note from inside their own
// functions. Thread-compatible.
class FanOut : public RunObserver {
 public:
  // name: as the note calls it, "the dashboard". The observer outlives this.
  // REQUIRES: not called from inside an observer's function.
  void Add(std::string name, RunObserver& observer);

  void OnStart(const StartEvent& event) override;
  void OnResume(const ResumeEvent& event) override;
  void OnPace(const PaceEvent& event) override;
  void OnStep(const StepEvent& event) override;
  void OnPhase(const PhaseEvent& event) override;
  void OnEvaluation(const EvaluationEvent& event) override;
  void OnSample(const SampleEvent& event) override;
  void OnSave(const SaveEvent& event) override;
  void OnSkippedSave(const SkippedSaveEvent& event) override;
  void OnNote(const NoteEvent& event) override;
  void OnDivergence(const DivergenceEvent& event) override;
  void OnRollback(const RollbackEvent& event) override;
  void OnEnd(const EndEvent& event) override;

 private:
  struct Member {
    std::string name;
    RunObserver* observer;
    bool on = true;
  };
  template <typename Event>
  void Forward(void (RunObserver::*function)(const Event&), const Event& event);
  void TellFailures();

  std::vector<Member> members_;
  std::vector<NoteEvent> failures_;  // not told yet
};

}  // namespace cllm
