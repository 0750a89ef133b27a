#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "monitor/run_observer.h"

namespace cllm {

struct QueueLimits {
  size_t events = 1024;  // that wait at most, see QueuedObserver
  // How long the destructor waits for an observer that is still busy with what was told before.
  std::chrono::milliseconds patience{2000};
};

// Gives events to an observer on a thread of its own, so that one that blocks (a socket, a pipe, a slow disk) holds up
// nobody. Events wait in a queue. When it is full, the oldest step or phase is dropped and counted; with none in it,
// the oldest evaluation, sample, save or skipped save. Starts, resumes, notes, divergences, rollbacks and the end are
// never dropped: a run has few of them.
//
// An exception of the observer ends its thread, and the next event is answered by that exception, once (a FanOut makes
// a note of it); later events are ignored.
//
// The destructor lets the observer finish what is queued, for limits.patience at most. An observer that is blocked even
// then keeps its thread, which owns it from then on and ends when the observer returns. Thread-compatible.
class QueuedObserver : public RunObserver {
 public:
  explicit QueuedObserver(std::unique_ptr<RunObserver> observer, QueueLimits limits = {});
  ~QueuedObserver() override;
  QueuedObserver(const QueuedObserver&) = delete;
  QueuedObserver& operator=(const QueuedObserver&) = delete;

  uint64_t dropped() const;  // events that the observer was never told

  void OnStart(const StartEvent& event) override { Put(event); }
  void OnResume(const ResumeEvent& event) override { Put(event); }
  void OnPace(const PaceEvent& event) override { Put(event); }
  void OnStep(const StepEvent& event) override { Put(event); }
  void OnPhase(const PhaseEvent& event) override { Put(event); }
  void OnEvaluation(const EvaluationEvent& event) override { Put(event); }
  void OnSample(const SampleEvent& event) override { Put(event); }
  void OnSave(const SaveEvent& event) override { Put(event); }
  void OnSkippedSave(const SkippedSaveEvent& event) override { Put(event); }
  void OnNote(const NoteEvent& event) override { Put(event); }
  void OnDivergence(const DivergenceEvent& event) override { Put(event); }
  void OnRollback(const RollbackEvent& event) override { Put(event); }
  void OnEnd(const EndEvent& event) override { Put(event); }

 private:
  struct Queue;
  void Put(RunEvent event);

  QueueLimits limits_;
  std::shared_ptr<Queue> queue_;  // owners: this and the thread
};

}  // namespace cllm
