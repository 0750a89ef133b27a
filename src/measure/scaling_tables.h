#pragma once

#include "measure/scaling_result.h"
#include "measure/table.h"

namespace cllm::measure {

// The tables and sentences of a result, for people and machines: speed first, then "time", "memory", "correctness",
// "predicted" and "checks"; the facts hold what every sphere did ("spheres") and the model's parameters.
Findings ScalingFindings(const ScalingResult& result);

// The shares of a time of the threads that can work at once.
struct TimeShares {
  double items = 0, accumulation = 0, reduction = 0, update = 0, waiting = 0, between_phases = 0;
};
TimeShares SharesOf(const ScalingArm& arm);
double TokensPerSecond(const ScalingResult& result, const ScalingArm& arm);
// Speed-up over what as many times the first arm's cores allow.
double Efficiency(const ScalingResult& result, const ScalingArm& arm);

// The sentence on 63 threads, of which the seed hoped for 40 to 50 times one; empty without a model.
inline constexpr double kHopedLow = 40, kHopedHigh = 50;
std::string HopeNote(const ScalingResult& result);

}  // namespace cllm::measure
