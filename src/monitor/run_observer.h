#pragma once

#include "monitor/events.h"

namespace cllm {

// Who watches a run: log, terminal, tests. Each function is called once for an event, in the order of events, on the
// thread that trains; it returns quickly. Who may block is wrapped into a QueuedObserver, which has a thread of its
// own.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  virtual void OnStart(const StartEvent&) {}
  virtual void OnResume(const ResumeEvent&) {}
  virtual void OnPace(const PaceEvent&) {}
  virtual void OnStep(const StepEvent&) {}
  virtual void OnPhase(const PhaseEvent&) {}
  virtual void OnEvaluation(const EvaluationEvent&) {}
  virtual void OnSample(const SampleEvent&) {}
  virtual void OnSave(const SaveEvent&) {}
  virtual void OnSkippedSave(const SkippedSaveEvent&) {}
  virtual void OnNote(const NoteEvent&) {}
  virtual void OnDivergence(const DivergenceEvent&) {}
  virtual void OnRollback(const RollbackEvent&) {}
  virtual void OnEnd(const EndEvent&) {}
};

}  // namespace cllm
