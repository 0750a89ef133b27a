#include "train/pacer.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

// A machine on which a step takes what `step_seconds` says at the time, on a clock of its own.
class PacedRun : public ::testing::Test {
 protected:
  // Goes through a whole run; returns the seconds that it took.
  double Run(double seconds, const std::function<double(double now)>& step_seconds, const RunCosts& costs = {},
             double guess = 0.1) {
    now_ = 100;
    schedule_ = OpenSchedule(10);
    const SecondsClock clock = [this] { return now_; };
    Pacer pacer(clock, {.begin = 95, .seconds = seconds, .step_seconds = guess}, final_work_);
    uint64_t step = 0;
    while (!schedule_.EndsAt(step)) {
      if (step == schedule_.total()) {
        const Breakpoint next = pacer.Next(schedule_, costs);
        EXPECT_GT(next.step, step);
        schedule_.Decide(next);
        ++decisions_;
      }
      EXPECT_GE(pacer.ExpectedTotal(schedule_, costs), step + 1);
      now_ += step_seconds(now_);
      ++step;
    }
    steps_ = step;
    return now_ - 95;
  }

  double now_ = 0;
  uint64_t steps_ = 0, decisions_ = 0;
  Schedule schedule_;
  FinalWork final_work_;
};

TEST_F(PacedRun, SteadySpeed_FillsTheTime) {
  EXPECT_NEAR(Run(120, [](double) { return 0.1; }), 120, 3);
  EXPECT_NEAR(static_cast<double>(steps_), 1150, 40);
  EXPECT_LT(decisions_, 60u);
  EXPECT_EQ(schedule_.fraction(), 1);
}

TEST_F(PacedRun, HalfTheSpeedFromAQuarterOn_KeepsTheTime) {
  EXPECT_NEAR(Run(120, [](double now) { return now < 125 ? 0.1 : 0.2; }), 120, 6);
}

TEST_F(PacedRun, TwiceTheSpeedFromAQuarterOn_KeepsTheTime) {
  EXPECT_NEAR(Run(120, [](double now) { return now < 125 ? 0.2 : 0.1; }), 120, 6);
}

TEST_F(PacedRun, SpeedThatFallsNearTheEnd_CostsLittle) {
  EXPECT_NEAR(Run(120, [](double now) { return now < 205 ? 0.1 : 0.2; }), 120, 6);
}

TEST_F(PacedRun, SpeedThatComesAndGoes_KeepsTheTime) {
  EXPECT_NEAR(Run(60, [](double now) { return static_cast<int>(now) / 7 % 2 == 0 ? 0.02 : 0.04; }), 60, 3);
}

TEST_F(PacedRun, GuessOfTenTimesTheSpeed_KeepsTheTime) {
  EXPECT_NEAR(Run(120, [](double) { return 0.1; }, {}, 0.01), 120, 12);
  EXPECT_NEAR(Run(120, [](double) { return 0.1; }, {}, 1), 120, 6);
}

TEST_F(PacedRun, WorkAfterTheLastStep_HasItsTime) {
  final_work_ = {.windows = 40, .sample_tokens = 600};
  const double steps = Run(120, [](double) { return 0.1; }, {.window_s = 0.1, .save_s = 1, .sample_token_s = 0.01});
  EXPECT_NEAR(steps, 120 - (1.5 * 4 + 6 + 1), 4);
}

TEST_F(PacedRun, MachineThatStoodStill_StillDecays) {
  Run(60, [](double now) { return now > 120 && now < 130 ? 200 : 0.1; });
  EXPECT_EQ(schedule_.fraction(), 1);
  EXPECT_LT(schedule_.Factor(steps_ - 1), 1);
}

TEST_F(PacedRun, StepLongerThanTheTime_IsTheOnlyOne) {
  Run(5, [](double) { return 60.0; }, {}, 60);
  EXPECT_EQ(steps_, 1u);
}

}  // namespace
}  // namespace cllm
