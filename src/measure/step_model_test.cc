#include "measure/step_model.h"

#include <gtest/gtest.h>

namespace cllm::measure {
namespace {

// A machine whose figures are known.
StepModel Known() {
  return {.items = 128, .phases = 4, .item_s = 0.02, .item_slowdown = 0.004, .other_s = 0.008, .other_slowdown = 0.1,
          .serial_s = 0.0003, .barrier_s = 4e-6, .hop_s = 1e-6, .items_bytes = 2e9, .other_bytes = 5e7,
          .bandwidth = 1e10, .bandwidth_slowdown = 0.2};
}
StepWork WorkOf(const StepModel& model) {
  return {.items = model.items, .items_bytes = model.items_bytes, .other_bytes = model.other_bytes};
}
double Barrier(const StepModel& model, size_t threads) {
  return model.barrier_s + model.hop_s * static_cast<double>(BarrierHops(threads));
}
// What would be measured there.
StepArm MeasuredOn(const StepModel& machine, size_t threads) {
  const double n = static_cast<double>(threads), further = n - 1;
  return {.threads = threads,
          .items_s = static_cast<double>(machine.items) * machine.item_s * (1 + machine.item_slowdown * further),
          .other_s = machine.other_s * (1 + machine.other_slowdown * further),
          .serial_s = machine.serial_s,
          .barrier_s = Barrier(machine, threads),
          .bandwidth = machine.bandwidth * n / (1 + machine.bandwidth_slowdown * further)};
}
std::vector<StepArm> Arms(const StepModel& machine, const std::vector<size_t>& threads) {
  std::vector<StepArm> arms;
  for (const size_t n : threads) arms.push_back(MeasuredOn(machine, n));
  return arms;
}

TEST(StepModel, Fit_FindsTheParametersOfAKnownMachine) {
  const StepModel known = Known();
  for (const auto& threads : std::vector<std::vector<size_t>>{{1, 2}, {1, 2, 4, 8}}) {
    const StepModel found = FitStepModel(WorkOf(known), Arms(known, threads));
    EXPECT_NEAR(found.item_s, known.item_s, 1e-9);
    EXPECT_NEAR(found.item_slowdown, known.item_slowdown, 1e-9);
    EXPECT_NEAR(found.other_s, known.other_s, 1e-9);
    EXPECT_NEAR(found.other_slowdown, known.other_slowdown, 1e-7);
    EXPECT_NEAR(found.serial_s, known.serial_s, 1e-12);
    EXPECT_NEAR(found.barrier_s, known.barrier_s, 1e-12);
    EXPECT_NEAR(found.hop_s, known.hop_s, 1e-12);
    EXPECT_NEAR(found.bandwidth, known.bandwidth, 1);
    EXPECT_NEAR(found.bandwidth_slowdown, known.bandwidth_slowdown, 1e-9);
    for (const size_t n : {1u, 2u, 16u, 63u}) {
      EXPECT_NEAR(PredictStep(found, n).total(), PredictStep(known, n).total(), 1e-9) << n;
    }
  }
}

TEST(StepModel, OneArm_GivesThreadsThatDoNotSlowEachOtherDown) {
  const StepModel found = FitStepModel(WorkOf(Known()), Arms(Known(), {1}));
  EXPECT_EQ(found.item_slowdown, 0);
  EXPECT_EQ(found.other_slowdown, 0);
  EXPECT_GT(PredictSpeedUp(found, 2), PredictSpeedUp(Known(), 2));
}

TEST(StepModel, TwoThreadsBetterThanTwice_IsNoSlowdownAndNoGain) {
  StepModel known = Known();
  known.item_slowdown = 0;
  std::vector<StepArm> arms = Arms(known, {1, 2});
  arms[1].items_s *= 0.96;
  const StepModel found = FitStepModel(WorkOf(known), arms);
  EXPECT_EQ(found.item_slowdown, 0);
  EXPECT_LE(PredictSpeedUp(found, 64), 64);
}

TEST(StepModel, WholeItems_GoOutInRounds) {
  const StepModel items_only{.items = 128, .item_s = 0.01};
  EXPECT_DOUBLE_EQ(PredictSpeedUp(items_only, 64), 64);
  EXPECT_DOUBLE_EQ(PredictSpeedUp(items_only, 63), 128.0 / 3);  // two items are left for a third round
  EXPECT_DOUBLE_EQ(PredictSpeedUp(items_only, 63, ItemRounds::kEven), 63);
  EXPECT_DOUBLE_EQ(PredictSpeedUp({.items = 126, .item_s = 0.01}, 63), 63);
}

TEST(StepModel, Memory_BoundsWhatThreadsCanDo) {
  const StepModel bound{.items = 64, .item_s = 0.01, .items_bytes = 1e9, .bandwidth = 1e10, .bandwidth_slowdown = 1};
  EXPECT_DOUBLE_EQ(PredictStep(bound, 64).items_s, 1e9 / (1e10 * 64 / 64));
  EXPECT_DOUBLE_EQ(PredictStep(bound, 2).items_s, 0.32);
}

TEST(StepModel, BarrierHops_FollowTheTree) {
  EXPECT_EQ(BarrierHops(1), 1u);
  EXPECT_EQ(BarrierHops(12), 12u);
  EXPECT_EQ(BarrierHops(13), 7u + 2u);
  EXPECT_EQ(BarrierHops(63), 11u + 6u);
  EXPECT_EQ(BarrierHops(145), 12u + 7u + 2u);
}

StepRounds Noisy(const StepModel& machine, size_t threads, double noise) {
  const StepArm arm = MeasuredOn(machine, threads);
  StepRounds rounds{.threads = threads, .barrier_s = arm.barrier_s, .bandwidth = arm.bandwidth};
  for (int i = 0; i < 9; ++i) {
    const double factor = 1 + noise * (threads == 1 ? i : 8 - i);
    rounds.items_s.push_back(arm.items_s * factor);
    rounds.other_s.push_back(arm.other_s);
    rounds.serial_s.push_back(arm.serial_s);
  }
  return rounds;
}

TEST(StepModel, Interval_HoldsTheTruthAndIsAPointWithoutNoise) {
  const StepModel known = Known();
  const double truth = PredictSpeedUp(known, 63);
  const std::vector<StepRounds> quiet = {Noisy(known, 1, 0), Noisy(known, 2, 0)};
  EXPECT_NEAR(PredictInterval(WorkOf(known), quiet, 63).low, truth, 1e-6);
  EXPECT_NEAR(PredictInterval(WorkOf(known), quiet, 63).high, truth, 1e-6);
  const std::vector<StepRounds> noisy = {Noisy(known, 1, 0.002), Noisy(known, 2, 0.002)};
  const Interval interval = PredictInterval(WorkOf(known), noisy, 63);
  EXPECT_LE(interval.low, truth + 1e-9);
  EXPECT_GE(interval.high, truth - 1e-9);
  EXPECT_LT(interval.low, interval.high - 0.01);
}

TEST(StepModel, LeastArm_TakesTheLeastOfEachPart) {
  const StepArm arm = LeastArm({.threads = 2, .items_s = {3, 1, 2}, .other_s = {9, 8, 7}, .serial_s = {0, 1, 5}});
  EXPECT_EQ(arm.items_s, 1);
  EXPECT_EQ(arm.other_s, 7);
  EXPECT_EQ(arm.serial_s, 0);
}

}  // namespace
}  // namespace cllm::measure
