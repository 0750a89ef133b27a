#pragma once

namespace cllm {

// This machine's own peak in single precision: a loop of independent fused multiply-adds that stays in registers, of
// the SIMD target in use, on the calling thread for about `milliseconds`. Returns GFLOP/s (two per lane and
// instruction). Shares of peak divide by it; several threads call it at once to measure their joint peak.
double PeakGflops(double milliseconds);

}  // namespace cllm
