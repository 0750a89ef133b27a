#include "base/check.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(CheckDeathTest, AFalseCondition_EndsTheProgramWithItsPlaceAndText) {
  EXPECT_DEATH(CHECK(1 + 1 == 3), R"(check_test\.cc:[0-9]+: CHECK failed: 1 \+ 1 == 3)");
}

TEST(Check, ATrueCondition_IsEvaluatedOnce) {
  int evaluated = 0;
  CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

}  // namespace
}  // namespace cllm
