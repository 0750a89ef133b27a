#include "measure/trial.h"

#include <fmt/format.h>

#include "base/system.h"
#include "base/units.h"
#include "math/scalar.h"
#include "train/memory_estimate.h"
#include "train/trial.h"

namespace cllm::measure {

Status CheckMemory(size_t bytes) {
  const uint64_t available = ReadMachineMemory().available;
  if (bytes <= available) return {};
  return NoResources(
      fmt::format("the measurement needs {} of memory, {} are available; name a smaller configuration or "
                  "fewer --threads",
                  FormatBytes(bytes), FormatBytes(available)));
}

size_t Trial::Bytes(const Configuration& configuration, const RunConfig& run, size_t threads) {
  SpheresOptions spheres;
  spheres.leaves = threads;
  const SpherePlan plan = PlanSpheres(spheres);
  return EstimateMemory(configuration.model, run.Step(), plan).total();
}

Result<std::unique_ptr<Trial>> Trial::Create(const Configuration& configuration, const RunConfig& run, size_t threads) {
  std::unique_ptr<Trial> trial(new Trial());
  trial->model_ = configuration.model;
  trial->tokens_ = configuration.batch * trial->model_.context;
  for (size_t v = 0; v < trial->model_.vocabulary; ++v) {
    trial->root_.push_back(static_cast<int32_t>(v / 3));
    trial->form_.push_back(static_cast<int32_t>(v % 25));
  }
  CLLM_ASSIGN(trial->spheres_, Spheres::Start({.leaves = threads}));
  CLLM_ASSIGN(trial->step_,
              UntrainedStep(run, trial->model_.vocabulary, {trial->root_, trial->form_}, *trial->spheres_));
  trial->read_ = RandomTokens(trial->model_.vocabulary);
  return trial;
}

// Untrained logits are nearly normal, with a deviation of 0.04 sqrt(C), and do not know the target: the loss is that of
// an even choice or more. Where the layers add little to the residual stream, the token read last is at 0.04 C, which
// is the most that it can be.
Status Trial::CheckUntrainedLoss(double loss) const {
  const double width = static_cast<double>(model_.width), others = static_cast<double>(model_.vocabulary - 1);
  const double low = math::Log(others + 1) - 0.2;
  const double high = math::Log(others * math::Exp(0.0008 * width) + math::Exp(0.04 * width)) + 0.3;
  if (loss > low && loss < high) return {};
  return Failed(fmt::format("the loss of untrained weights is {:.4f}, expected {:.4f} to {:.4f}", loss, low, high));
}

Result<StepResult> Trial::Step() {
  CLLM_ASSIGN(StepResult result, step_->Run(next_, read_));
  if (next_ == 0) CLLM_TRY(CheckUntrainedLoss(result.scores.token));
  ++next_;
  return result;
}

}  // namespace cllm::measure
