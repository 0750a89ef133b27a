#pragma once

#include <memory>
#include <vector>

#include "kernels/gemm/panels.h"
#include "measure/kernel.h"

namespace cllm::measure {

// The matrix products of a training step at configurations a, b and c, of attention and of generation; those that a run
// may compute in bf16, in both precisions.
std::vector<KernelSpec> Products();

// The one that comes nearest to the machine's peak: seen beside a peak loop, it shows whether that loop is one.
std::unique_ptr<Kernel> LargestProduct(Precision precision);

}  // namespace cllm::measure
