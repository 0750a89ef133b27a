#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cllm {

// A regular evaluation, on the sample that all of them have in common.
struct SampleVerdict {
  uint64_t step = 0;
  double loss = 0;
  uint64_t best_step = 0;  // so far, this one included
  double best_loss = 0;
  uint64_t worse = 0;  // evaluations in a row since then
};

// Sees when a training goes wrong: a loss far above that of a guess without a model, validation that rises while the
// training loss falls (one that rises, too, has another cause, such as a rate that is too high). Each is said once,
// when it happens, with what to do; the sentences name options in backquotes. Node Zero only.
class LearningWatch {
 public:
  explicit LearningWatch(size_t vocabulary);

  // Each gives a sentence for the user, or "". loss: nats per token.
  std::string AfterStep(double loss);
  std::string AfterEvaluation(const SampleVerdict& verdict);

  // Whether the training loss has risen since the best evaluation; false where that was before this object.
  bool TrainingRose() const { return at_best_ != 0 && Mean() >= at_best_; }

 private:
  // Of the training loss since the last evaluation; right after one, before it.
  double Mean() const { return count_ == 0 ? former_mean_ : sum_ / static_cast<double>(count_); }

  const size_t vocabulary_;
  const double uniform_;  // ln of the vocabulary
  double recent_ = 0;     // exponential mean of the training loss
  uint64_t steps_ = 0;
  double sum_ = 0;  // of the training loss since the last evaluation
  uint64_t count_ = 0;
  double former_mean_ = 0;  // of the training loss before that evaluation; 0: there was none
  double at_best_ = 0;      // the training loss when the best evaluation was made; 0: it is not known
  bool hot_told_ = false, memorising_told_ = false;
};

}  // namespace cllm
