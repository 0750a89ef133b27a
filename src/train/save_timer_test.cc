#include "train/save_timer.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(SaveTimer, CheapSaves_PutFiveMinutesAtRisk) {
  SaveTimer timer;
  timer.Start(1000);
  EXPECT_FALSE(timer.Due(1300, 0));
  EXPECT_TRUE(timer.Due(1300.1, 0));
  timer.Saved(1301, 3);
  EXPECT_EQ(timer.interval(), 300);
  EXPECT_FALSE(timer.Due(1601, 0));
  EXPECT_TRUE(timer.Due(1602, 0));
}

TEST(SaveTimer, NextStep_IsAtRiskToo) {
  SaveTimer timer;
  timer.Start(0);
  EXPECT_FALSE(timer.Due(200, 100));
  EXPECT_TRUE(timer.Due(201, 100));
}

TEST(SaveTimer, DearSaves_CostOnePartInAHundred) {
  SaveTimer timer;
  timer.Start(0);
  timer.Saved(0, 12);
  EXPECT_EQ(timer.interval(), 1200);
  EXPECT_FALSE(timer.Due(1200, 0));
  EXPECT_TRUE(timer.Due(1201, 0));
  timer.Saved(1201, 1);  // cheap again
  EXPECT_EQ(timer.interval(), 300);
}

TEST(SaveTimer, FailedSave_IsTriedAgainAfterAMinute_AndLessOftenWhereItCostsMore) {
  SaveTimer timer;
  timer.Start(0);
  timer.Failed(400, 0.1);
  EXPECT_FALSE(timer.Due(460, 0));
  EXPECT_TRUE(timer.Due(461, 0));
  timer.Failed(461, 2);
  EXPECT_FALSE(timer.Due(661, 0));
  EXPECT_TRUE(timer.Due(662, 0));
}

}  // namespace
}  // namespace cllm
