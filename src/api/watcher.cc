#include "api/watcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace cllm {
namespace {

constexpr int kStopRequest = SIGTERM;  // what a run's log says of a stop; no signal is sent

}  // namespace

Watcher::Watcher(const Watch& watch)
    : watch_(watch),
      stop_(watch.stop, [this] { control_.stop_signal.store(kStopRequest, std::memory_order_relaxed); }) {}

void Watcher::LeaveIfStopped() const {
  if (stopped()) throw Interrupt();
}

void Watcher::BeginTraining(std::string directory) {
  directory_ = std::move(directory);
  trains_ = true;
}

void Watcher::Tell(const Event& event) {
  if (!watch_.on_event) return;
  const bool goes_on = caller_.Ask([&] { return watch_.on_event(event); });
  if (!goes_on) control_.stop_signal.store(kStopRequest, std::memory_order_relaxed);
}

void Watcher::TellBegin(const RunDescription& run) {
  Tell(RunBegan{.directory = directory_,
                .step = run.step,
                .total_steps = run.total_steps,
                .parameters = run.parameters,
                .batch = run.batch,
                .training_tokens = run.training_tokens,
                .validation_tokens = run.validation_tokens});
}

void Watcher::OnStep(const StepEvent& event) {
  Tell(StepDone{.step = event.step,
                .total_steps = event.total,
                .tokens = event.tokens,
                .loss = event.loss,
                .token_loss = event.loss_token,
                .rate = event.rate,
                .gradient_norm = event.gradient_norm,
                .tokens_per_s = event.tokens_per_s,
                .elapsed_s = event.elapsed_s,
                .left_s = std::max(-1.0, event.eta_s),
                .skipped = event.skipped});
}

// The end of a phase may be told while an exception is on its way.
void Watcher::OnPhase(const PhaseEvent& event) {
  const bool leaves = !trains_ && !event.name.empty();
  if (leaves) LeaveIfStopped();
  Tell(PhaseShare{event.name, event.share});
  if (leaves) LeaveIfStopped();
}

void Watcher::OnEvaluation(const EvaluationEvent& event) {
  Tell(Evaluated{.step = event.step,
                 .token_loss = event.loss_token,
                 .bits_per_byte = event.bits_per_byte,
                 .tokens = event.tokens,
                 .whole = event.whole,
                 .best = event.best});
}

void Watcher::OnRollback(const RollbackEvent& event) {
  Tell(Note{fmt::format("{}; back to step {} with the rate times {}", event.reason, event.step, event.rate_scale)});
}

Error StoppedError(const std::optional<std::string>& exception, const std::string& kept) {
  if (!exception) return {ErrorKind::kStopped, fmt::format("stopped by the caller: {}", kept)};
  return {ErrorKind::kCallback, fmt::format("a callback threw: {}; {}", *exception, kept)};
}

}  // namespace cllm
