#include "train/rollback.h"

#include <fmt/format.h>

#include <utility>

namespace cllm {
namespace {

constexpr uint64_t kMaxRollbacks = 3;

}  // namespace

Status Rollback::AfterDivergence(const Status& diverged) {
  RunState& state = session_.state;
  session_.observer.OnDivergence({state.step, diverged.message()});
  if (session_.plan.on_divergence == OnDivergence::kStop || state.rollbacks >= kMaxRollbacks) {
    return EndRun(diverged);
  }
  const RunState at = state;
  // A checkpoint that diverged at once would do so again.
  const RankTeam::LongWait disk(session_.team);
  FoundCheckpoint found;
  RunState loaded;
  const Status read = session_.team.OnFirst([&]() -> Status {
    CLLM_ASSIGN(found, checkpoints_.NewestRegular(back_at_));
    CLLM_ASSIGN(loaded, ReadState(found.directory));
    return {};
  });
  CLLM_TRY(read);
  CLLM_TRY(checkpoints_.Load(found.directory, std::move(loaded)));
  back_at_ = state.step;
  state.rollbacks = at.rollbacks + 1;
  state.rate_scale = at.rate_scale / 2;
  state.schedule = at.schedule;
  session_.step->SetRateScale(state.rate_scale);
  session_.observer.OnRollback({state.step, state.rate_scale, diverged.message()});
  return {};
}

Status Rollback::EndRun(const Status& diverged) {
  // The refused step touched no weight; what the step before it made of them, a save looks at.
  if (!checkpoints_.saved()) checkpoints_.SaveOrSkip();
  const RankTeam::LongWait disk(session_.team);
  return session_.team.OnFirst([&]() -> Status {
    CLLM_ASSIGN(const FoundCheckpoint last_good, checkpoints_.NewestValid());
    return Diverged(fmt::format("{}; the last good state is saved as {}. Try a lower `lr`, or `on-divergence` rollback",
                                diverged.message(), last_good.directory));
  });
}

}  // namespace cllm
