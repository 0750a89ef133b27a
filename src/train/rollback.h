#pragma once

#include <optional>

#include "train/run_checkpoints.h"
#include "train/session.h"

namespace cllm {

// What becomes of a run that diverged: it ends with its last good state saved, or goes back to an earlier checkpoint
// with half the rate, three times at most. Node Zero only.
class Rollback {
 public:
  // Both outlive this.
  Rollback(Session& session, RunCheckpoints& checkpoints) : session_(session), checkpoints_(checkpoints) {}

  // REQUIRES: diverged.code() is kDiverged. Ok: the session is at an earlier step. Error: the one to end with; Diverged
  // names the last good checkpoint.
  Status AfterDivergence(const Status& diverged);
  void StepDone() { back_at_.reset(); }

 private:
  Status EndRun(const Status& diverged);

  Session& session_;
  RunCheckpoints& checkpoints_;
  std::optional<uint64_t> back_at_;  // the step of the last rollback, while no step has followed it
};

}  // namespace cllm
