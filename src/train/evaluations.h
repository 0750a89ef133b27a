#pragma once

#include "train/run_checkpoints.h"
#include "train/session.h"

namespace cllm {

// Windows of the validation part that the last evaluation of a run looks at.
size_t FinalWindows(const Session& session);
// Windows of an evaluation in mid-run, whose work should be that of `share` positions: some 32,768 positions at most,
// and 4 windows at least, whatever the context.
size_t SampledWindows(size_t context, double share);

// What the whole validation part says at the end of a run.
struct FinalEvaluation {
  uint64_t best_step = 0;
  EvaluationResult best;
  MeanScores last;       // of the last step
  bool stopped = false;  // before it was known; nothing above is set, nothing was changed
};

// The evaluations of a run on its validation part, and which of its weights are the best. Tells the observer each
// result. Node Zero only.
class Evaluations {
 public:
  // Both outlive this.
  Evaluations(Session& session, RunCheckpoints& checkpoints) : session_(session), checkpoints_(checkpoints) {}

  // The regular one, on a fixed sample. True: the best so far. Error: Diverged if the loss is not finite.
  Result<bool> Regular();
  // After a best one: saves the weights and points `best` to them. A failure is told and ends nothing.
  bool KeepBest();  // true: saved
  // One that somebody asked for, on the same sample: told, and nothing follows from it. Error: as above.
  Status Asked();
  // The last weights and those of `best`, both on the whole validation part (or as much as the configuration allows);
  // the better ones are in the step afterwards and `best` points to them, if they were saved. A `best` that cannot be
  // pointed is told and ends nothing.
  Result<FinalEvaluation> Final();

  double last_on_sample() const { return last_on_sample_; }  // nats per token of the last regular one
  size_t SampleWindows() const;  // that a regular evaluation looks at

 private:
  Result<EvaluationResult> OnSample();
  Result<EvaluationResult> OnWhole();
  void Tell(uint64_t step, const EvaluationResult& result, bool best);
  Status ConsiderBest(FinalEvaluation& verdict);
  void PointBest(uint64_t step);

  Session& session_;
  RunCheckpoints& checkpoints_;
  double last_on_sample_ = 0;
};

}  // namespace cllm
