#include "history/axis.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(Axis, EachIsKnownByItsName) {
  for (const Axis axis : {Axis::kStep, Axis::kTokens, Axis::kSeconds, Axis::kTime}) {
    EXPECT_EQ(AxisNamed(NameOf(axis)), axis) << NameOf(axis);
  }
  for (const char* name : {"", "Step", "steps", "loss"}) EXPECT_FALSE(AxisNamed(name)) << name;
}

}  // namespace
}  // namespace cllm
