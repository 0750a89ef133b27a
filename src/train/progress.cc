#include "train/progress.h"

#include <algorithm>

namespace cllm {
namespace {

constexpr double kLossSmoothing = 0.95;  // of the loss shown
constexpr double kEvaluatedToken = 1.0 / 3;  // of the work of a token trained on: forward only
constexpr double kTimeSmoothing = 0.9;   // of the seconds of a step

}  // namespace

StepEvent Progress::AfterStep(const StepResult& result, double seconds, const WorkPlan& plan, Session& session) {
  RunState& state = session.state;
  const MeanScores& scores = result.scores;
  const uint64_t tokens = session.plan.step.batch * session.shape().context;
  ++state.step;
  state.tokens += tokens;
  state.elapsed_s += seconds;
  step_seconds_ = step_seconds_ == 0 ? seconds : kTimeSmoothing * step_seconds_ + (1 - kTimeSmoothing) * seconds;
  const double loss = scores.Total(session.step->options().lambda);
  const bool first = state.step == 1 || state.smooth_loss == 0;  // steps before may have been skipped
  state.smooth_loss = first ? loss : kLossSmoothing * state.smooth_loss + (1 - kLossSmoothing) * loss;
  last_training_nats_ = scores.token;

  StepEvent event;
  event.step = state.step;
  event.total = session.ExpectedSteps();
  event.tokens = state.tokens;
  if (scores.positions != tokens) event.scored = scores.positions;
  event.loss = loss;
  event.smooth_loss = state.smooth_loss;
  event.loss_token = scores.token;
  event.loss_root = scores.root;
  event.loss_form = scores.form;
  event.rate = session.plan.step.optimizer.matrix_rate * result.rate_factor;
  event.gradient_norm = result.gradient_norm;
  event.tokens_per_s = static_cast<double>(tokens) / step_seconds_;
  if (peak_gflops_ > 0) event.peak_share = event.tokens_per_s * FlopPerToken(session.shape()) / (peak_gflops_ * 1e9);
  event.elapsed_s = state.elapsed_s;
  time_left_.Took(TimeLeft::Work::kStep, seconds);
  WorkLeft left = time_left_.Left(plan, event.step);
  left.evaluation_in_steps = kEvaluatedToken * plan.evaluation_tokens / session.TokensPerStep();
  event.eta_s = session.pacer ? std::max(0.0, session.pacer->SecondsLeft()) : time_left_.Seconds(left);
  event.items_s = result.seconds[static_cast<size_t>(StepPhase::kItems)];
  event.reduce_s = result.seconds[static_cast<size_t>(StepPhase::kReduce)];
  event.update_s = result.seconds[static_cast<size_t>(StepPhase::kUpdate)];
  event.pack_s = result.seconds[static_cast<size_t>(StepPhase::kPack)];
  event.peers_s = result.exchange.waiting_s;
  event.messages_s = result.exchange.gradient_s + result.exchange.weights_s;
  event.sent_bytes = result.exchange.sent;
  event.received_bytes = result.exchange.received;
  event.spheres = session.spheres->Statistics();
  return event;
}

StepEvent Progress::AfterSkippedStep(Session& session) {
  RunState& state = session.state;
  ++state.step;
  state.tokens += session.plan.step.batch * session.shape().context;
  StepEvent event;
  event.step = state.step;
  event.total = session.ExpectedSteps();
  event.tokens = state.tokens;
  event.skipped = true;
  event.loss = event.smooth_loss = state.smooth_loss;
  event.elapsed_s = state.elapsed_s;
  event.eta_s = -1;
  event.spheres = session.spheres->Statistics();
  return event;
}

}  // namespace cllm
