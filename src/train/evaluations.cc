#include "train/evaluations.h"

#include <algorithm>
#include <utility>

#include "base/path.h"
#include "monitor/phase.h"

namespace cllm {
namespace {

constexpr uint64_t kMostPositions = 32768;  // that an evaluation in mid-run looks at
constexpr size_t kLeastWindows = 4;         // the same, also where they have more positions

}  // namespace

size_t FinalWindows(const Session& session) {
  const size_t all = session.validation.windows();
  const size_t limit = static_cast<size_t>(session.plan.eval_tokens) / session.shape().context;
  return limit == 0 ? all : std::min(limit, all);
}

size_t SampledWindows(size_t context, double share) {
  const size_t positions = static_cast<size_t>(std::min(share, double{kMostPositions}));
  return std::max(positions / context, kLeastWindows);
}

size_t Evaluations::SampleWindows() const {
  // A fixed share of the training's own work: evaluations together cost about 3 % of it.
  const double share = 0.09 * static_cast<double>(session_.plan.eval_every) * session_.TokensPerStep();
  return std::min(SampledWindows(session_.shape().context, share), session_.validation.windows());
}

Result<EvaluationResult> Evaluations::OnSample() {
  Phase phase(session_.observer, "evaluating a sample");
  return session_.Evaluate(SampleWindows(), [&](double share) { phase.Done(share); });
}

Result<EvaluationResult> Evaluations::OnWhole() {
  Phase phase(session_.observer, "evaluating");
  return session_.EvaluateUnlessStopped(FinalWindows(session_), [&](double share) { phase.Done(share); });
}

void Evaluations::Tell(uint64_t step, const EvaluationResult& result, bool best) {
  session_.observer.OnEvaluation({.step = step,
                                  .loss_token = result.scores.token,
                                  .loss_root = result.scores.root,
                                  .loss_form = result.scores.form,
                                  .bits_per_byte = result.bits_per_byte,
                                  .best = best,
                                  .whole = result.whole,
                                  .tokens = result.scores.positions});
}

Result<bool> Evaluations::Regular() {
  CLLM_ASSIGN(const EvaluationResult result, OnSample());
  last_on_sample_ = result.scores.token;
  RunState& state = session_.state;
  const bool best = state.best_step == 0 || result.scores.token < state.best_nats;
  if (best) {
    state.best_nats = result.scores.token;
    state.best_step = state.step;
    state.worse_evaluations = 0;
  } else {
    ++state.worse_evaluations;
  }
  Tell(state.step, result, best);
  return best;
}

void Evaluations::PointBest(uint64_t step) {
  if (const Status pointed = checkpoints_.PointBest(step); !pointed.ok()) session_.observer.OnNote({pointed.message()});
}

bool Evaluations::KeepBest() {
  if (!checkpoints_.SaveOrSkip()) return false;
  PointBest(session_.state.step);
  return true;
}

Status Evaluations::Asked() {
  CLLM_ASSIGN(const EvaluationResult result, OnSample());
  Tell(session_.state.step, result, false);
  return {};
}

Result<FinalEvaluation> Evaluations::Final() {
  CLLM_ASSIGN(const EvaluationResult last, OnWhole());
  const RunState& state = session_.state;
  FinalEvaluation verdict{.best_step = state.step, .best = last, .last = last.scores, .stopped = last.stopped};
  if (verdict.stopped) return verdict;
  if (state.best_step != 0 && state.best_step != state.step) {
    // `best` was chosen on the sample, so the last weights have to meet it there.
    CLLM_ASSIGN(const EvaluationResult on_sample, OnSample());
    if (state.best_nats < on_sample.scores.token) CLLM_TRY(ConsiderBest(verdict));
  }
  if (verdict.stopped) return verdict;
  if (verdict.best_step != state.step || checkpoints_.saved()) PointBest(verdict.best_step);
  Tell(verdict.best_step, verdict.best, true);
  return verdict;
}

// The sample that chose `best` is smaller than the whole: both are measured on the whole, the better one stays.
Status Evaluations::ConsiderBest(FinalEvaluation& verdict) {
  RankTeam& team = session_.team;
  const RankTeam::LongWait disk(team);
  std::string directory;
  const Status found = team.OnFirst([&]() -> Status {
    CLLM_ASSIGN(directory, checkpoints_.BestDirectory());
    return {};
  });
  if (!found.ok()) return team.lost();
  ExactStep& step = *session_.step;
  Parameters other(session_.shape());
  CLLM_TRY(team.OnFirst([&] { return ReadModel(JoinPath(directory, kModelFileName), other); }));
  CLLM_TRY(team.ShareBytes(std::as_writable_bytes(std::span(other.data(), other.layout().size()))));
  const auto exchange = [&](Parameters& weights) -> Status {
    std::swap(other, weights);
    return {};
  };
  CLLM_TRY(step.LoadWeights(exchange));
  CLLM_ASSIGN(const EvaluationResult best, OnWhole());
  verdict.stopped = best.stopped;
  if (!best.stopped && best.scores.token < verdict.last.token) {
    verdict.best_step = session_.state.best_step;
    verdict.best = best;
    return {};
  }
  return step.LoadWeights(exchange);
}

}  // namespace cllm
