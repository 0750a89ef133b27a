#pragma once

#include <string>

#include "base/status.h"
#include "kernels/gemm/panels.h"

namespace cllm {

// The hash of the weights that a fixed small training makes on this processor with products in `precision`: equal on
// machines whose trainings have equal bits. Takes some milliseconds.
Result<std::string> StepProof(Precision precision);

}  // namespace cllm
