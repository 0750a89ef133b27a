#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "measure/configurations.h"
#include "train/exact_step.h"
#include "train/memory_estimate.h"

namespace cllm::measure {

// A run on random tokens without files: what a training step costs does not depend on the text. Owns the step and the
// loss's classes (roots of three tokens, 25 forms). Thread-compatible.
class MeasuredRun {
 public:
  // Error: as UntrainedStep.
  static Result<std::unique_ptr<MeasuredRun>> Create(const Configuration& configuration, const StepOptions& options,
                                               size_t threads);

  // The next step. Error: Diverged; Failed when the first loss is not that of untrained weights.
  Result<StepResult> Step();

  // As ExactStep::OnPhaseEnd.
  void OnPhaseEnd(std::function<void(StepPhase phase)> ended) { step_->OnPhaseEnd(std::move(ended)); }

  const ExactStep& step() const { return *step_; }
  const Spheres& spheres() const { return *spheres_; }
  size_t tokens_per_step() const { return tokens_; }
  // What EstimateMemory foresees.
  static MemoryEstimate Memory(const Configuration& configuration, const StepOptions& options, size_t threads);

 private:
  MeasuredRun() = default;
  Status CheckUntrainedLoss(double loss) const;

  ModelShape model_;
  std::vector<int32_t> root_, form_;
  std::unique_ptr<Spheres> spheres_;
  std::unique_ptr<ExactStep> step_;
  SequenceReader read_;
  size_t tokens_ = 0;
  uint64_t next_ = 0;
};

// NoResources unless `bytes` are available.
Status CheckMemory(size_t bytes);

}  // namespace cllm::measure
