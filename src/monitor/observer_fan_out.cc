#include "monitor/observer_fan_out.h"

#include <exception>
#include <utility>

namespace cllm {

void FanOut::Add(std::string name, RunObserver& observer) { members_.push_back({std::move(name), &observer}); }

template <typename Event>
void FanOut::Forward(void (RunObserver::*function)(const Event&), const Event& event) {
  for (Member& member : members_) {
    if (!member.on) continue;
    std::string why = "an unknown exception";
    try {
      (member.observer->*function)(event);
      continue;
    } catch (const std::exception& error) {
      why = error.what();
    } catch (...) {  // anything may be thrown; none of it may end a run
    }
    member.on = false;
    failures_.push_back({member.name + " failed and is told no more of this run: " + why});
  }
  TellFailures();
}

// Ends: each failure switches an observer off.
void FanOut::TellFailures() {
  for (const NoteEvent& failure : std::exchange(failures_, {})) OnNote(failure);
}

void FanOut::OnStart(const StartEvent& event) { Forward(&RunObserver::OnStart, event); }
void FanOut::OnResume(const ResumeEvent& event) { Forward(&RunObserver::OnResume, event); }
void FanOut::OnPace(const PaceEvent& event) { Forward(&RunObserver::OnPace, event); }
void FanOut::OnStep(const StepEvent& event) { Forward(&RunObserver::OnStep, event); }
void FanOut::OnPhase(const PhaseEvent& event) { Forward(&RunObserver::OnPhase, event); }
void FanOut::OnEvaluation(const EvaluationEvent& event) { Forward(&RunObserver::OnEvaluation, event); }
void FanOut::OnSample(const SampleEvent& event) { Forward(&RunObserver::OnSample, event); }
void FanOut::OnSave(const SaveEvent& event) { Forward(&RunObserver::OnSave, event); }
void FanOut::OnSkippedSave(const SkippedSaveEvent& event) { Forward(&RunObserver::OnSkippedSave, event); }
void FanOut::OnNote(const NoteEvent& event) { Forward(&RunObserver::OnNote, event); }
void FanOut::OnDivergence(const DivergenceEvent& event) { Forward(&RunObserver::OnDivergence, event); }
void FanOut::OnRollback(const RollbackEvent& event) { Forward(&RunObserver::OnRollback, event); }
void FanOut::OnEnd(const EndEvent& event) { Forward(&RunObserver::OnEnd, event); }

}  // namespace cllm
