#pragma once

#include <memory>

#include "train/exact_step.h"

namespace cllm {

// A throwaway model for measuring: what a training step costs depends neither on the text nor on the weights.

// A step with untrained weights, as a run with these options would start with, that may be run a million times: the
// schedule is its own. classes, spheres: kept by reference. Error: Usage or NoResources, as the real start would give.
Result<std::unique_ptr<ExactStep>> UntrainedStep(const ModelShape& shape, StepOptions options,
                                                 const LossClasses& classes, Spheres& spheres);

// Tokens of no text, a function of the sequence alone.
SequenceReader RandomTokens(size_t vocabulary);

}  // namespace cllm
