#include "train/weight_update.h"

namespace cllm {
WeightUpdate::WeightUpdate(const ParameterLayout& layout, const OptimizerOptions& options, Spheres& spheres, Rank rank)
    : spheres_(spheres),
      owners_(Optimizer::OwnersOf(layout, options, rank.count)),
      optimizer_(layout, options, owners_, rank.index) {
  for (size_t job = 0; job < optimizer_.jobs(); ++job) {
    if (optimizer_.owns(optimizer_.tensor(job))) jobs_.push_back(job);
  }
  for (size_t permit = 0; permit < spheres.team_size(); ++permit) scratch_.emplace_back(optimizer_.ScratchFloats());
}

size_t WeightUpdate::ScratchBytes(const ParameterLayout& layout, const OptimizerOptions& options, size_t at_once) {
  return at_once * Optimizer::SizesOf(layout, options).scratch * sizeof(float);
}

Status WeightUpdate::Run(const UpdateStep& step, std::span<int64_t> gradient, Parameters& parameters) {
  const auto work = [&](Leaf& leaf, size_t item) -> Status {
    optimizer_.Update(jobs_[item], step, gradient, parameters, scratch_[leaf.permit].data());
    return {};
  };
  return spheres_.Run(jobs_.size(), std::ref(work));  // by reference: so many captures would be allocated
}

}  // namespace cllm
