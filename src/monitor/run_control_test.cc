#include "monitor/run_control.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(RunControl, Take_AnswersARequestOnceHoweverOftenItWasMade) {
  RunControl control;
  EXPECT_FALSE(RunControl::Take(control.sample_now));
  control.sample_now = true;
  control.sample_now = true;
  EXPECT_FALSE(RunControl::Take(control.evaluate_now));
  EXPECT_TRUE(RunControl::Take(control.sample_now));
  EXPECT_FALSE(RunControl::Take(control.sample_now));
}

}  // namespace
}  // namespace cllm
