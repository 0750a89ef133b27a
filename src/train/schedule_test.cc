#include "train/schedule.h"

#include <gtest/gtest.h>

#include <cmath>

namespace cllm {
namespace {

// Linear warm-up times a cosine to a tenth, over C's mathematics.
double Expected(double s, double warmup, double length) {
  return std::min(1.0, (s + 1) / warmup) * (0.1 + 0.45 * (1 + std::cos(std::acos(-1.0) * s / length)));
}

TEST(Schedule, Factor_IsWarmUpTimesCosine) {
  const Schedule schedule{{{.begin = 0, .end = 2000, .warmup = 100}}};
  for (uint64_t step = 0; step < 2000; ++step) {
    ASSERT_NEAR(schedule.Factor(step), Expected(static_cast<double>(step), 100, 2000), 1e-14) << step;
  }
  EXPECT_NEAR(schedule.Factor(0), 0.01, 1e-15);
  EXPECT_NEAR(schedule.Factor(1000), 0.55, 1e-14);
  EXPECT_NEAR(schedule.Factor(1999), 0.1, 1e-5);
  EXPECT_EQ(schedule.total(), 2000u);
}

TEST(Schedule, NoWarmUp_BeginsAtThePeak) { EXPECT_EQ((Schedule{{{.end = 10, .warmup = 0}}}).Factor(0), 1.0); }

TEST(Schedule, Extension_LeavesTheFirstStretchAndWarmsToHalf) {
  const Schedule before{{{.end = 200, .warmup = 20}}};
  Schedule after = before;
  after.Extend(500);
  EXPECT_EQ(after.total(), 500u);
  for (uint64_t step = 0; step < 200; ++step) ASSERT_EQ(after.Factor(step), before.Factor(step)) << step;
  for (uint64_t step = 200; step < 500; ++step) {
    ASSERT_NEAR(after.Factor(step), 0.5 * Expected(static_cast<double>(step - 200), 20, 300), 1e-14) << step;
  }
  EXPECT_NEAR(after.Factor(499), 0.05, 1e-4);
}

TEST(Schedule, SecondExtension_WarmsToAQuarter) {
  Schedule schedule{{{.end = 200, .warmup = 1}}};
  schedule.Extend(300);
  schedule.Extend(400);
  EXPECT_NEAR(schedule.Factor(300), 0.25, 1e-14);
  ASSERT_EQ(schedule.segments.size(), 3u);
}

TEST(ScheduleDeathTest, StepBeyondTheEnd_IsABugOfTheCaller) {
  const Schedule schedule{{{.end = 10}}};
  EXPECT_DEATH(schedule.Factor(10), "step < total");
}

}  // namespace
}  // namespace cllm
