#pragma once

#include <string>

#include "measure/table.h"

namespace cllm::measure {

struct KernelOptions {
  std::string part;   // of the names to measure; empty: all
  size_t rounds = 7;  // at least kMinRounds
};

// Kernels on the calling thread: each is checked against its twin, then timed in alternation with a yardstick, matrix
// products with the multiply-add peak, the rest with reading as many bytes. Error: Failed, naming the kernel, when its
// result is wrong; Usage when no name holds `part`.
Result<Findings> BenchKernels(const KernelOptions& options);

}  // namespace cllm::measure
