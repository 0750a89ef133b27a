#pragma once

#include <string>

#include "monitor/run_observer.h"
#include "run/resume.h"
#include "run/run_preparation.h"
#include "train/rank_team.h"
#include "train/trainer.h"

// A run on several ranks: the first prepares it and has its directory; the others get from it what they need, their
// text's tokens too, and train with it. All ranks call these functions together, and each gets the same error.
namespace cllm {

// Compares what the ranks are and were asked for: the program, its numerics, the options. Threads may differ. Error
// (BadInput): one sentence with the first that is unequal.
Status CompareRanks(RankTeam& team, const std::string& program, const RunChoices& choices);

// How many threads this rank has where nobody named a number: ranks that share the cores of a machine share them out.
// 0: as without ranks.
size_t ThreadsOfRank(const RankTeam& team);

// Gives a prepared run to the others, whose `run` is empty, from the cache of their machines where that has its tokens;
// compares text, tokenizer and the bits of a small training. threads: of this rank. total: of a run that goes on.
// Error: NoResources if one has not enough memory; BadInput; or a peer is lost.
Status ShareRun(RankTeam& team, size_t threads, std::optional<uint64_t>& total, PreparedRun& run);

// What a rank that is not the first does in a run. Prepared run and control outlive it. Thread-compatible.
class FollowedRun {
 public:
  // Together with ActiveRun::Begin, or with ActiveRun::Continue.
  static Result<std::unique_ptr<FollowedRun>> Begin(const PreparedRun& run, RankTeam& team, RunControl& control);
  static Result<std::unique_ptr<FollowedRun>> Continue(const PreparedRun& run, std::optional<uint64_t> total,
                                                       RankTeam& team, RunControl& control);
  Result<RunSummary> Train() { return trainer_->Train(); }

 private:
  FollowedRun() = default;
  static Result<std::unique_ptr<FollowedRun>> Make(const PreparedRun& run, RankTeam& team, RunControl& control);

  RunObserver nobody_;
  PosixFileSystem files_;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace cllm
