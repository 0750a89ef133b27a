#pragma once

#include <optional>
#include <string>

#include "store/checkpoint.h"
#include "train/session.h"

namespace cllm {

// The checkpoints of the run that trains: writes the session's state, weights and moments, reads them back, and tells
// the observer what was saved. Node Zero only.
class RunCheckpoints {
 public:
  // run: its directory, locked by the caller. All outlive this.
  RunCheckpoints(Session& session, FileSystem& files, const std::string& run)
      : session_(session), checkpoints_(files, run) {}

  // Error: Diverged if the weights predict nothing: such a state would push good ones out. Failed: the disk.
  Status Save();
  // The same for saves that a run can do without: the observer is told why there is none. False: not saved.
  bool SaveOrSkip();
  bool saved() const { return saved_step_ == session_.state.step; }  // the state of the present step
  std::optional<uint64_t> saved_step() const { return saved_step_; }  // the last one

  // Points `best` to a saved step.
  Status PointBest(uint64_t step) { return checkpoints_.PointBest(step); }
  // Where the state's best step lies. Error: it could not be saved.
  Result<std::string> BestDirectory() const { return checkpoints_.Find(std::to_string(session_.state.best_step)); }

  // The newest that is whole, before step `before` if given.
  Result<FoundCheckpoint> NewestValid(std::optional<uint64_t> before = std::nullopt) const;
  // Fills the session from a checkpoint's directory whose state was read already.
  Status Load(const std::string& directory, RunState state);

 private:
  Session& session_;
  Checkpoints checkpoints_;
  std::optional<uint64_t> saved_step_;
};

}  // namespace cllm
