#include "measure/measured_run.h"

#include <fmt/format.h>

#include "math/scalar.h"
#include "run/resources.h"
#include "train/untrained.h"

namespace cllm::measure {

Status CheckMemory(size_t bytes) {
  return cllm::CheckMemory("the measurement", bytes, "name a smaller configuration or fewer `threads`");
}

MemoryEstimate MeasuredRun::Memory(const Configuration& configuration, const StepOptions& options, size_t threads) {
  return TrainingMemory(configuration.model, options, threads);
}

Result<std::unique_ptr<MeasuredRun>> MeasuredRun::Create(const Configuration& configuration, const StepOptions& options,
                                                         size_t threads) {
  std::unique_ptr<MeasuredRun> run(new MeasuredRun());
  run->model_ = configuration.model;
  run->tokens_ = configuration.batch * run->model_.context;
  for (size_t v = 0; v < run->model_.vocabulary; ++v) {
    run->root_.push_back(static_cast<int32_t>(v / 3));
    run->form_.push_back(static_cast<int32_t>(v % 25));
  }
  CLLM_ASSIGN(run->spheres_, Spheres::Start({.leaves = threads}));
  CLLM_ASSIGN(run->step_,
              UntrainedStep(run->model_, options, {run->root_, run->form_}, *run->spheres_));
  run->read_ = RandomTokens(run->model_.vocabulary);
  return run;
}

// Untrained logits are nearly normal, with a deviation of 0.04 sqrt(C), and do not know the target: the loss is that of
// an even choice or more. Where the layers add little to the residual stream, the token read last is at 0.04 C, which
// is the most that it can be.
Status MeasuredRun::CheckUntrainedLoss(double loss) const {
  const double width = static_cast<double>(model_.width), others = static_cast<double>(model_.vocabulary - 1);
  const double low = math::Log(others + 1) - 0.2;
  const double high = math::Log(others * math::Exp(0.0008 * width) + math::Exp(0.04 * width)) + 0.3;
  if (loss > low && loss < high) return {};
  return Failed(fmt::format("the loss of untrained weights is {:.4f}, expected {:.4f} to {:.4f}", loss, low, high));
}

Result<StepResult> MeasuredRun::Step() {
  CLLM_ASSIGN(StepResult result, step_->Run(next_, read_));
  if (next_ == 0) CLLM_TRY(CheckUntrainedLoss(result.scores.token));
  ++next_;
  return result;
}

}  // namespace cllm::measure
