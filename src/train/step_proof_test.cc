#include "train/step_proof.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(StepProof, IsTheSameEachTime_AndTellsPrecisionsApart) {
  const auto fp32 = StepProof(Precision::kFp32), bf16 = StepProof(Precision::kBf16);
  ASSERT_TRUE(fp32.ok() && bf16.ok());
  EXPECT_EQ(*StepProof(Precision::kFp32), *fp32);
  EXPECT_NE(*bf16, *fp32);
}

}  // namespace
}  // namespace cllm
