#include "train/run_checkpoints.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "base/path.h"
#include "base/units.h"
#include "train/team_state.h"

namespace cllm {
namespace {

constexpr size_t kRegularKept = 3;  // as many as there are rollbacks

}  // namespace

Status RunCheckpoints::Save() {
  const double begin = session_.clock();
  RunState& state = session_.state;
  if (session_.pacer) state.time_left_s = std::max(0.0, session_.pacer->SecondsLeft());
  // A piece of the validation part is enough to see weights that an update made useless.
  if (const Status good = session_.Evaluate(1).status(); !good.ok()) {
    return Diverged(fmt::format("the weights of step {} are not saved: {}", state.step, good.message()));
  }
  CLLM_TRY(Write());
  saved_step_ = state.step;
  const double now = asked_at_ = session_.clock(), seconds = now - begin;
  session_.costs.save_s = seconds;
  const Status rotated = session_.team.leads() ? Rotate() : Status();
  timer_.Saved(now, seconds);
  session_.observer.OnSave({state.step, checkpoints_.Directory(state.step), seconds});
  if (!rotated.ok()) session_.observer.OnNote({rotated.message()});
  TellInterval();
  return {};
}

// The moments of other ranks come tensor by tensor while the file is written.
Status RunCheckpoints::Write() {
  ExactStep& step = *session_.step;
  RankTeam& team = session_.team;
  const RunState& state = session_.state;
  if (team.alone()) {
    return checkpoints_.Save(state.step, CheckpointFiles(step.parameters(), step.optimizer(), state));
  }
  const RankTeam::LongWait disk(team);
  CLLM_TRY(step.GatherMasters());
  TeamMoments moments(team, step.parameters().layout(), step.owners(), step.optimizer());
  Status saved;
  if (team.leads()) {
    saved =
        checkpoints_.Save(state.step, CheckpointFiles(step.parameters(), step.optimizer(), moments.Reader(), state));
    CLLM_TRY(moments.End());
  } else {
    CLLM_TRY(moments.Serve());
  }
  return team.FirstSays(saved);
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
  session_.observer.OnNote(
      {fmt::format("a save took {}: so that saves by time cost at most one part in a hundred, there "
                   "is one after {} without, not after {}",
                   FormatDuration(interval / 100), FormatDuration(interval), FormatDuration(SaveTimer().interval()))});
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
  RankTeam& team = session_.team;
  const RankTeam::LongWait disk(team);
  if (!team.alone()) {
    std::string text = StateText(state);
    CLLM_TRY(team.ShareText(text));
    CLLM_ASSIGN(state, ParseState(text, "the state of the first rank"));
  }
  CLLM_TRY(step.LoadWeights([&](Parameters& weights) -> Status {
    const Status read = team.OnFirst([&] { return ReadModel(JoinPath(directory, kModelFileName), weights); });
    if (!read.ok()) return read;
    return team.ShareBytes(std::as_writable_bytes(std::span(weights.data(), weights.layout().size())));
  }));
  CLLM_TRY(step.LoadMoments([&](Optimizer& moments) {
    return ReadTeamMoments(directory, step.parameters().layout(), step.owners(), team, moments);
  }));
  session_.state = std::move(state);
  saved_step_ = session_.state.step;
  return {};
}

}  // namespace cllm
