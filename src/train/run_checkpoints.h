#pragma once

#include <optional>
#include <string>

#include "store/checkpoint.h"
#include "train/save_timer.h"
#include "train/session.h"

namespace cllm {

// The checkpoints of the run that trains: writes the session's state, weights and moments, reads them back, and tells
// the observer what was saved. The first rank of a team alone has the directory; the others give and get what they own.
// Saving, pointing and loading is done by all together, with the same outcome. Node Zero only.
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

  // Whether the plan saves at this step. Other saves (by time, asked for, of a stop) come when they come: nothing that
  // a run's bits depend on may look at them.
  bool IsRegularStep(uint64_t step) const { return step % session_.plan.save_every == 0; }
  // The work before now is saved, or there is none.
  void StartTimer() {
    asked_at_ = session_.clock();
    timer_.Start(asked_at_);
  }
  // Asked after each step: whether work would be at risk for too long if nothing were saved before the next one.
  bool DueByTime();

  // Points `best` to a saved step.
  Status PointBest(uint64_t step) {
    return session_.team.OnFirst([&] { return checkpoints_.PointBest(step); });
  }
  // On the first rank: where the state's best step lies. Error: it could not be saved.
  Result<std::string> BestDirectory() const { return checkpoints_.Find(std::to_string(session_.state.best_step)); }

  // On the first rank: the newest that is whole.
  Result<FoundCheckpoint> NewestValid() const { return checkpoints_.NewestValid(); }
  // The newest that is whole and was saved by the plan, at a regular step or as the best so far, before step `before`
  // if given: a run that is repeated has it too. Where there is none, the newest of all.
  Result<FoundCheckpoint> NewestRegular(std::optional<uint64_t> before) const;
  // Fills the session from a checkpoint's directory whose state was read already, by the first rank.
  Status Load(const std::string& directory, RunState state);

 private:
  Status Write();
  bool IsRegular(uint64_t step) const;
  Status Rotate();
  void TellInterval();

  Session& session_;
  Checkpoints checkpoints_;
  std::optional<uint64_t> saved_step_;
  SaveTimer timer_;
  double asked_at_ = 0, told_interval_ = 0;
};

}  // namespace cllm
