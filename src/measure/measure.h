#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/status.h"
#include "kernels/gemm/panels.h"

// The measuring core: how anything that `cllm bench` prints is measured.
namespace cllm::measure {

// No figure is the median of fewer.
inline constexpr size_t kMinRounds = 5;

// REQUIRES: not empty. Of an even number of values the mean of the middle two.
double Median(std::vector<double> values);
// REQUIRES: not empty, every value above zero.
double GeometricMean(const std::vector<double>& values);

// Medians over the rounds of an alternation. The unit of both rates is that of the callers' functions.
struct Alternation {
  double rate = 0;
  double yardstick = 0;
  double share = 0;   // of each round's rate in the mean of the yardsticks before and after it
  double spread = 0;  // largest rate less smallest, over the median
};

// A yardstick slower than this share of the best that was seen beside it is none: the row is void. Medians of the same
// loop differ by up to half a per cent.
inline constexpr double kYardstickTolerance = 0.99;

// Measures yardstick, work, yardstick, work, ..., yardstick with `rounds` rates of work, so that whatever slows the
// machine down for a while meets both. Error: the first of `work`. REQUIRES: rounds >= kMinRounds.
Result<Alternation> Alternate(size_t rounds, const std::function<Result<double>()>& work,
                              const std::function<double()>& yardstick);

// Calls `rate(thread)` on `threads` threads of its own at once and returns the sum.
double JointRate(size_t threads, const std::function<double(size_t thread)>& rate);

// Joint peak (PeakGflops) of `threads` threads in GFLOP/s, as many as there are usable cores at most.
double JointPeakGflops(size_t threads, double milliseconds, Precision precision);

// Calls `run` for at least `milliseconds` of the thread's processor time and returns calls per second of it; `prepare`
// (may be empty) is called before each and is not counted.
double CallsPerSecond(double milliseconds, const std::function<void()>& run, const std::function<void()>& prepare);

}  // namespace cllm::measure
