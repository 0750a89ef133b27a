#pragma once

#include "kernels/gemm/panels.h"

namespace cllm {

// Processor time of the calling thread, in seconds: what other programs on the machine take does not count.
double ThreadSeconds();

// This machine's own peak: a loop of independent fused multiply-adds that stays in registers, of the SIMD target in
// use, on the calling thread for about `milliseconds` of its time; in bf16 of the dot instruction, where products use
// it. Returns GFLOP/s (two per product). Shares of peak divide by it; several threads call it at once to measure their
// joint peak.
double PeakGflops(double milliseconds, Precision precision = Precision::kFp32);

}  // namespace cllm
