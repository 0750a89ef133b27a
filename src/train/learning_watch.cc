#include "train/learning_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "math/scalar.h"

namespace cllm {
namespace {

constexpr uint64_t kStepsToJudge = 10;
constexpr double kFarAbove = 1.2;     // times the loss of a uniform guess
constexpr double kMemorised = 0.02;   // validation this much above its best, relative
constexpr uint64_t kWorseInARow = 4;  // evaluations

}  // namespace

LearningWatch::LearningWatch(size_t vocabulary)
    : vocabulary_(vocabulary), uniform_(math::Log(static_cast<double>(vocabulary))) {}

std::string LearningWatch::AfterStep(double loss) {
  ++steps_, ++count_;
  sum_ += loss;
  const double smoothing = std::min(0.8, 1 - 1 / static_cast<double>(steps_));
  recent_ = smoothing * recent_ + (1 - smoothing) * loss;
  if (hot_told_ || steps_ < kStepsToJudge || recent_ <= kFarAbove * uniform_) return "";
  hot_told_ = true;
  return fmt::format(
      "the training loss is {:.2f} nats per token, far above the {:.2f} of a uniform guess among {} tokens: the "
      "weights "
      "are being spoilt. Start again with a lower `lr` and `embedding-lr`, or a longer `warmup`",
      recent_, uniform_, vocabulary_);
}

std::string LearningWatch::AfterEvaluation(const SampleVerdict& verdict) {
  const double mean = Mean();
  sum_ = 0, count_ = 0;
  const double former = std::exchange(former_mean_, mean);
  // Where the loss falls fast, its mean since the last evaluation is above what it is now.
  if (verdict.best_step == verdict.step) at_best_ = std::min(mean, recent_);
  const bool falls = former != 0 && mean < former && !TrainingRose();
  const bool rises = verdict.worse >= kWorseInARow && verdict.loss > verdict.best_loss * (1 + kMemorised);
  if (memorising_told_ || !falls || !rises) return "";
  memorising_told_ = true;
  return fmt::format(
      "validation rises while training still falls: {:.4f} nats per token at step {}, {:.4f} at step {}, both on the "
      "same sample of the validation part. The model begins to memorise the text; the weights of step {} are kept as "
      "the best. More text, a smaller model or more `dropout` help; `patience` ends such a run by itself",
      verdict.loss, verdict.step, verdict.best_loss, verdict.best_step, verdict.best_step);
}

}  // namespace cllm
