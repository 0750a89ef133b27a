#include "train/run_checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/path.h"
#include "base/units.h"

namespace cllm {
namespace {

constexpr size_t kRegularKept = 3;  // as many as there are rollbacks

}  // namespace

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
  const double now = asked_at_ = session_.clock(), seconds = now - begin;
  session_.costs.save_s = seconds;
  const Status rotated = Rotate();
  timer_.Saved(now, seconds);
  session_.observer.OnSave({state.step, checkpoints_.Directory(state.step), seconds});
  if (!rotated.ok()) session_.observer.OnNote({rotated.message()});
  TellInterval();
  return {};
}

bool RunCheckpoints::SaveOrSkip() {
  const double begin = session_.clock();
  const Status saved = Save();
  if (saved.ok()) return true;
  const double now = asked_at_ = session_.clock();
  timer_.Failed(now, now - begin);
  session_.observer.OnSkippedSave({session_.state.step, saved.message()});
  return false;
}

bool RunCheckpoints::DueByTime() {
  const double now = session_.clock();
  const double step = now - std::exchange(asked_at_, now);  // with all that goes with it
  return timer_.Due(now, step);
}

// The newest stays whatever it is, and enough of those that a rollback may go to.
Status RunCheckpoints::Rotate() {
  CLLM_ASSIGN(const std::vector<uint64_t> steps, checkpoints_.Steps());
  Rotation rotation{.keep_last = 1, .keep_every = session_.plan.keep_every};
  for (const uint64_t step : steps) {
    if (rotation.also_keep.size() == kRegularKept) break;
    if (IsRegular(step)) rotation.also_keep.push_back(step);
  }
  return checkpoints_.Rotate(rotation);
}

// Tells it once where it is longer than what people count on, and again when it has become half as long again.
void RunCheckpoints::TellInterval() {
  const double interval = timer_.interval();
  if (interval <= std::max(SaveTimer().interval(), 1.5 * told_interval_)) return;
  told_interval_ = interval;
  session_.observer.OnNote({fmt::format("a save took {}: so that saves by time cost at most one part in a hundred, there "
                                        "is one after {} without, not after {}",
                                        FormatDuration(interval / 100), FormatDuration(interval),
                                        FormatDuration(SaveTimer().interval()))});
}

bool RunCheckpoints::IsRegular(uint64_t step) const {
  if (IsRegularStep(step)) return true;
  const Result<RunState> state = ReadState(checkpoints_.Directory(step));
  return state.ok() && state->best_step == step;
}

Result<FoundCheckpoint> RunCheckpoints::NewestRegular(std::optional<uint64_t> before) const {
  const uint64_t limit = before.value_or(std::numeric_limits<uint64_t>::max());
  CLLM_ASSIGN(FoundCheckpoint newest, checkpoints_.NewestValid(limit));
  Result<FoundCheckpoint> found = newest;
  while (found.ok() && !IsRegular(found->step)) found = checkpoints_.NewestValid(found->step);
  return found.ok() ? found : Result<FoundCheckpoint>(std::move(newest));
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
