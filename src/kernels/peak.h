#pragma once

namespace cllm {

// Processor time of the calling thread, in seconds: what other programs on the machine take does not count.
double ThreadSeconds();

// This machine's own peak in single precision: a loop of independent fused multiply-adds that stays in registers, of
// the SIMD target in use, on the calling thread for about `milliseconds` of its time. Returns GFLOP/s (two per lane and
// instruction). Shares of peak divide by it; several threads call it at once to measure their joint peak.
double PeakGflops(double milliseconds);

}  // namespace cllm
