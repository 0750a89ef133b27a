#include "base/wall_clock.h"

#include <gtest/gtest.h>

#include <ctime>

namespace cllm {
namespace {

TEST(WallClock, IsTheSystemsTime) {
  const double before = static_cast<double>(std::time(nullptr));
  const double now = WallClockSeconds();
  EXPECT_GE(now, before);
  EXPECT_LE(now, static_cast<double>(std::time(nullptr)) + 1);
}

}  // namespace
}  // namespace cllm
