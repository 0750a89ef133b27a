#pragma once

#include "measure/scaling_result.h"
#include "train/step_options.h"

namespace cllm::measure {

// What a step of a model with so many parameters consists of; bytes are those of gradients, weights and moments.
StepWork WorkOf(const StepOptions& step, size_t parameters);

// Fits the model to the arms that have a core for each thread, and fills in what follows: predictions for machines with
// more cores, checks against the arms with more than one thread. The arms 1 and 2 alone give the checks beyond. Nothing
// where fewer than two such arms are there.
void ApplyStepModel(const StepWork& work, ScalingResult& result);

}  // namespace cllm::measure
