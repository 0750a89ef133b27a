#include "kernels/simd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(Simd, TargetsOfThisMachineAreNamedAndTheBestIsInUse) {
  const std::vector<std::string> targets = SimdTargets();
  ASSERT_FALSE(targets.empty());
  EXPECT_THAT(targets, testing::Each(testing::AnyOf("avx512", "avx2", "neon")));
  EXPECT_EQ(SimdName(), targets.front());
}

TEST(Simd, ForceSimd_EachTarget_IsInUse) {
  for (const std::string& name : SimdTargets()) {
    ASSERT_TRUE(ForceSimd(name).ok());
    EXPECT_EQ(SimdName(), name);
  }
  ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
}

TEST(Simd, ForceSimd_UnknownName_IsUsageErrorThatListsTargets) {
  const std::string before = SimdName();
  const Status status = ForceSimd("mmx");
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), testing::HasSubstr("mmx"));
  for (const std::string& name : SimdTargets()) EXPECT_THAT(status.message(), testing::HasSubstr(name));
  EXPECT_EQ(SimdName(), before);
}

}  // namespace
}  // namespace cllm
