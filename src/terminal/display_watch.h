#pragma once

#include "monitor/run_observer.h"

namespace cllm {

// Notices that a run's display (standard error) takes no more, and says so where it can still be read: in the log. The
// run goes on. Stands behind the console among a run's observers. Node Zero only.
class DisplayWatch : public RunObserver {
 public:
  // notes: told once of a loss, from then on; outlives this.
  void TellLossTo(RunObserver& notes) { notes_ = &notes; }

  void OnStep(const StepEvent&) override { Look(); }
  void OnEvaluation(const EvaluationEvent&) override { Look(); }
  void OnSave(const SaveEvent&) override { Look(); }
  void OnSkippedSave(const SkippedSaveEvent&) override { Look(); }
  void OnEnd(const EndEvent&) override { Look(); }

 private:
  void Look();

  RunObserver* notes_ = nullptr;
  bool told_ = false;
};

}  // namespace cllm
