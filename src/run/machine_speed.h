#pragma once

#include <cstddef>

#include "kernels/gemm/panels.h"

namespace cllm {

// What a plan needs to know of the machine. A plain value.
struct MachineSpeed {
  double peak_gflops = 0;  // fused-multiply-add peak of all worker threads together
  size_t threads = 1;
};

// Measures the joint peak of `threads` threads for about `milliseconds`.
MachineSpeed MeasureMachine(size_t threads, double milliseconds, Precision precision = Precision::kFp32);

}  // namespace cllm
