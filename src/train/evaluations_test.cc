#include "train/evaluations.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(SampledWindows, AreSoManyThatTheirPositionsAreTheShare) {
  EXPECT_EQ(SampledWindows(64, 6400), 100u);
  EXPECT_EQ(SampledWindows(64, 6463.9), 100u);
  EXPECT_EQ(SampledWindows(100, 1e9), 327u) << "32,768 positions at most";
}

TEST(SampledWindows, AreFourAtLeast_AlsoOfContextsThatHoldMoreThanTheMost) {
  for (const size_t context : {size_t{64}, size_t{8192}, size_t{8193}, size_t{20000}, size_t{1} << 20}) {
    for (const double share : {0.0, 1.0, 5e4, 1e12}) EXPECT_GE(SampledWindows(context, share), 4u) << context;
  }
  EXPECT_EQ(SampledWindows(8193, 1e12), 4u);
}

}  // namespace
}  // namespace cllm
