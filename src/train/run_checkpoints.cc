#include "train/run_checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/path.h"

namespace cllm {

Status RunCheckpoints::Save() {
  const double begin = session_.clock();
  const ExactStep& step = *session_.step;
  RunState& state = session_.state;
  if (session_.pacer) state.time_left_s = std::max(0.0, session_.pacer->SecondsLeft());
  // A piece of the validation part is enough to see weights that an update made useless.
  if (const Status good = session_.Evaluate(1).status(); !good.ok()) {
    return Diverged(fmt::format("the weights of step {} are not saved: {}", state.step, good.message()));
  }
  CLLM_TRY(checkpoints_.Save(state.step, CheckpointFiles(step.parameters(), step.optimizer(), state)));
  saved_step_ = state.step;
  const double seconds = session_.clock() - begin;
  session_.costs.save_s = seconds;
  Rotation rotation;
  rotation.keep_every = session_.plan.keep_every;
  if (const Status rotated = checkpoints_.Rotate(rotation); !rotated.ok()) {
    session_.observer.OnNote({rotated.message()});
  }
  session_.observer.OnSave({state.step, checkpoints_.Directory(state.step), seconds});
  return {};
}

bool RunCheckpoints::SaveOrSkip() {
  const Status saved = Save();
  if (!saved.ok()) session_.observer.OnSkippedSave({session_.state.step, saved.message()});
  return saved.ok();
}

Result<FoundCheckpoint> RunCheckpoints::NewestValid(std::optional<uint64_t> before) const {
  return before ? checkpoints_.NewestValid(*before) : checkpoints_.NewestValid();
}

Status RunCheckpoints::Load(const std::string& directory, RunState state) {
  ExactStep& step = *session_.step;
  CLLM_TRY(step.LoadWeights([&](Parameters& weights) {
    return ReadModel(JoinPath(directory, kModelFileName), weights);
  }));
  CLLM_TRY(step.LoadMoments([&](Optimizer& moments) { return ReadMoments(directory, step.parameters(), moments); }));
  session_.state = std::move(state);
  saved_step_ = session_.state.step;
  return {};
}

}  // namespace cllm
