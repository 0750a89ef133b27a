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

TEST(Schedule, Pace_IsInterpolated_AndComesBack) {
  Schedule paced = OpenSchedule(10);
  EXPECT_TRUE(paced.open());
  EXPECT_FALSE(paced.EndsAt(0));
  paced.Decide({100, 0.5});
  paced.Decide({300, 1});
  EXPECT_TRUE(paced.EndsAt(300));
  EXPECT_NEAR(paced.Factor(50), Expected(25, 1, 100), 1e-14);
  EXPECT_NEAR(paced.Factor(200), Expected(75, 1, 100), 1e-14);
  paced.ExtendOpen();
  paced.Decide({350, 0.25});
  const Result<Schedule> again = Schedule::FromPace(paced.Pace(), 10);
  ASSERT_TRUE(again.ok()) << again.status().message();
  EXPECT_EQ(again->Pace(), paced.Pace());
  EXPECT_TRUE(again->open());
  for (uint64_t step = 0; step < 350; ++step) ASSERT_EQ(again->Factor(step), paced.Factor(step)) << step;
}

TEST(Schedule, StraightPace_HasTheBitsOfNamedSteps) {
  Schedule paced = OpenSchedule(7);
  paced.Decide({997, 1});
  const Schedule named{{{.end = 997, .warmup = 7}}};
  for (uint64_t step = 0; step < 997; ++step) ASSERT_EQ(paced.Factor(step), named.Factor(step)) << step;
  EXPECT_TRUE(paced.Continues(named));
  EXPECT_TRUE(paced.Pace().empty());
}

TEST(Schedule, Continues_WhatSaysNoMoreThanItself) {
  Schedule less = OpenSchedule(7);
  less.Decide({10, 0.5});
  Schedule more = less;
  more.Decide({20, 0.75});
  Schedule other = less;
  other.Decide({21, 0.75});
  EXPECT_TRUE(more.Continues(less));
  EXPECT_FALSE(less.Continues(more));
  EXPECT_FALSE(other.Continues(more));
}

TEST(Schedule, PaceThatDoesNotRise_IsRefused) {
  const std::vector<std::vector<Breakpoint>> wrong = {
      {{0, 0.5}}, {{0, 0}, {0, 1}}, {{0, 0}, {5, 0.5}, {9, 0.5}}, {{0, 0}, {5, 1.5}}, {{3, 0}, {5, 1}},
      {{0, 0}, {5, 0.5}, {5, 0}}};
  for (const auto& pace : wrong) EXPECT_FALSE(Schedule::FromPace(pace, 1).ok()) << pace.back().step;
}

TEST(ScheduleDeathTest, StepBeyondTheEnd_IsABugOfTheCaller) {
  const Schedule schedule{{{.end = 10}}};
  EXPECT_DEATH(schedule.Factor(10), "step < total");
}

}  // namespace
}  // namespace cllm
