#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>

namespace cllm {
namespace {

using Pointer = std::unique_ptr<int>;  // which cannot be copied

Status TryStatus(const Status& status) {
  CLLM_TRY(status);
  return Failed("went on");
}

Status TryResult(Result<Pointer> result) {
  CLLM_TRY(std::move(result));
  return Failed("went on");
}

Result<int> Assigned(Result<Pointer> result) {
  CLLM_ASSIGN(const Pointer value, std::move(result));
  return *value + 1;
}

TEST(Status, Try_Status_ReturnsAnErrorAndNothingElse) {
  EXPECT_EQ(TryStatus(BadInput("broken")).message(), "broken");
  EXPECT_EQ(TryStatus(Status()).message(), "went on");
}

TEST(Status, Try_Result_ReturnsAnErrorAndNothingElse) {
  EXPECT_EQ(TryResult(BadInput("broken")).code(), Code::kBadInput);
  EXPECT_EQ(TryResult(std::make_unique<int>(1)).message(), "went on");
}

TEST(Status, Assign_TakesTheValueOrReturnsTheError) {
  EXPECT_EQ(*Assigned(std::make_unique<int>(1)), 2);
  EXPECT_EQ(Assigned(Diverged("far")).status().message(), "far");
}

}  // namespace
}  // namespace cllm
