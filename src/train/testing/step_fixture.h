#pragma once

#include <memory>
#include <utility>

#include "train/exact_step.h"

namespace cllm {

// For tests: a step with spheres of its own.
struct StepOnSpheres {
  std::unique_ptr<Spheres> spheres;
  std::unique_ptr<ExactStep> step;

  ExactStep* operator->() const { return step.get(); }
  ExactStep& operator*() const { return *step; }

  // Lets `change(weights)`, which returns nothing, write the weights.
  template <typename Change>
  void ChangeWeights(const Change& change) const {
    const Status changed = step->LoadWeights([&](Parameters& weights) -> Status {
      change(weights);
      return {};
    });
    CHECK(changed.ok());
  }
};

inline Result<StepOnSpheres> StartStep(const ModelShape& config, const StepOptions& options,
                                       const LossClasses& classes, const SpheresOptions& spheres,
                                       RankTeam* team = nullptr) {
  StepOnSpheres started;
  CLLM_ASSIGN(started.spheres, Spheres::Start(spheres));
  CLLM_ASSIGN(started.step, ExactStep::Create(config, options, classes, *started.spheres, team));
  return started;
}

}  // namespace cllm
