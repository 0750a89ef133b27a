#pragma once

#include <vector>

#include "measure/kernel.h"

namespace cllm::measure {

// The row-wise kernels of a training step at the sizes of configuration b, and those of accumulation and update: they
// move bytes, so they are measured by them.
std::vector<KernelSpec> RowKernels();

}  // namespace cllm::measure
