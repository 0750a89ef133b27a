#include "measure/scaling_model.h"

#include <algorithm>
#include <span>
#include <vector>

namespace cllm::measure {
namespace {

std::vector<StepArm> LeastOf(std::span<const StepRounds> rounds) {
  std::vector<StepArm> arms;
  for (const StepRounds& arm : rounds) arms.push_back(LeastArm(arm));
  return arms;
}

// Speed-up over the first arm that was measured.
double AgainstFirst(const StepModel& model, size_t first, size_t threads) {
  return PredictStep(model, first).total() / PredictStep(model, threads).total();
}

ScalingCheck Check(const StepWork& work, std::span<const StepRounds> from, const ScalingArm& arm, size_t first) {
  const StepModel model = FitStepModel(work, LeastOf(from));
  ScalingCheck check{.threads = arm.threads, .predicted = AgainstFirst(model, first, arm.threads),
                     .measured = arm.speed_up};
  for (const StepRounds& one : from) check.from.push_back(one.threads);
  return check;
}

}  // namespace

// An item reads and writes the exact sum (8 bytes each way a parameter) and reads the packed weights forward and
// backward. The rest: reduction reads the sum; the update reads and zeroes it, reads and writes weight and two moments;
// packing reads the weights and writes them twice.
StepWork WorkOf(const StepOptions& step, size_t parameters) {
  constexpr double kItemBytes = 16 + 8, kOtherBytes = 8 + 16 + 24 + 12;
  const double n = static_cast<double>(parameters), items = static_cast<double>(step.items());
  return {.items = step.items(), .phases = kStepPhases, .items_bytes = items * n * kItemBytes,
          .other_bytes = n * kOtherBytes};
}

void ApplyStepModel(const StepWork& work, ScalingResult& result) {
  std::vector<const ScalingArm*> informing;
  for (const ScalingArm& arm : result.arms) {
    if (arm.threads <= result.cores) informing.push_back(&arm);
  }
  if (informing.size() < 2) return;
  std::sort(informing.begin(), informing.end(), [](const auto* a, const auto* b) { return a->threads < b->threads; });
  std::vector<StepRounds> rounds;
  for (const ScalingArm* arm : informing) rounds.push_back(arm->rounds);
  result.model = FitStepModel(work, LeastOf(rounds));
  const size_t first = result.arms.front().threads;
  for (const ScalingArm* arm : informing) {
    result.model_arms.push_back(arm->threads);
    if (arm == informing[0]) continue;
    const size_t known = arm == informing[1] ? 1 : 2;
    result.checks.push_back(Check(work, {rounds.data(), known}, *arm, first));
  }
  const auto predict = [&](size_t threads, size_t cores) {
    result.predictions.push_back({.threads = threads,
                                  .cores = cores,
                                  .speed_up = PredictSpeedUp(result.model, threads),
                                  .even_speed_up = PredictSpeedUp(result.model, threads, ItemRounds::kEven),
                                  .interval = PredictInterval(work, rounds, threads)});
  };
  for (const size_t threads : {4u, 8u, 16u, 32u}) predict(threads, threads);
  predict(63, 64);
  predict(64, 64);
}

}  // namespace cllm::measure
