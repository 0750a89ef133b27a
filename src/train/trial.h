#pragma once

#include <memory>

#include "train/exact_step.h"
#include "train/run_config.h"

namespace cllm {

// A throwaway model for measuring: what a training step costs depends neither on the text nor on the weights.

// A step with untrained weights, as a run of `config` would start with. classes, spheres: kept by reference.
// Error: Usage or NoResources, as the real start would give.
Result<std::unique_ptr<ExactStep>> UntrainedStep(const RunConfig& config, size_t vocabulary, const LossClasses& classes,
                                                 Spheres& spheres);

// Tokens of no text, a function of the sequence alone.
SequenceReader RandomTokens(size_t vocabulary);

}  // namespace cllm
