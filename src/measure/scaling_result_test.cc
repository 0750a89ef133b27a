#include "measure/scaling_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "measure/scaling_model.h"

namespace cllm::measure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kEntropy = 2.9;

ScalingArm Good(size_t threads) {
  ScalingArm arm{.threads = threads, .loss = 5.5, .weights_hash = "abc"};
  arm.leaves.assign(threads, {.items = 2, .tokens = 20});
  arm.learning = LearningResult{.training_loss = 1.5, .points = {{0, 5.6}, {200, 1.6}}, .weights_hash = "def"};
  return arm;
}

TEST(ScalingFailures, NoneWhereAllIsTheSame) { EXPECT_THAT(FindFailures({Good(1), Good(2)}, kEntropy), IsEmpty()); }

TEST(ScalingFailures, EachThingThatIsWrong_IsNamedWithItsThreads) {
  const auto failure = [](const auto& spoil) {
    ScalingArm wrong = Good(7);
    spoil(wrong);
    return FindFailures({Good(1), wrong}, kEntropy);
  };
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.weights_hash = "abd"; }),
              ElementsAre(HasSubstr("final weights differ: abc on 1 threads, abd on 7")));
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.loss = 5.500000000000001; }), ElementsAre(HasSubstr("losses differ")));
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.not_finite = 3; }), ElementsAre(HasSubstr("3 of the final weights")));
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.leaves[4].tokens = 0; }), ElementsAre(HasSubstr("1 of 7 threads")));
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.learning->not_finite = 1; }),
              ElementsAre(HasSubstr("small model's weights")));
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.learning->points[0].validation = 5.7; }),
              ElementsAre(HasSubstr("differ on 1 and 7 threads")));
  EXPECT_THAT(failure([](ScalingArm& arm) { arm.learning->points[1].validation = 2.95; }),
              ElementsAre(HasSubstr("did not learn on 7 threads"), HasSubstr("differ")));
}

TEST(ScalingFailures, ALossThatIsNoNumber_IsNoLearning) {
  ScalingArm arm = Good(1);
  arm.learning->points[1].validation = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(FindFailures({arm}, kEntropy), testing::Contains(HasSubstr("did not learn")));
}

// A machine with `cores` cores on which items cost 10 ms of one and nothing else does.
ScalingResult Perfect(size_t cores, const std::vector<size_t>& threads) {
  ScalingResult result{.cores = cores};
  for (const size_t n : threads) {
    ScalingArm arm = Good(n);
    arm.rounds = {.threads = n, .items_s = {1.28, 1.28, 1.28}, .other_s = {0, 0, 0}, .serial_s = {0, 0, 0}};
    arm.speed_up = static_cast<double>(n);
    result.arms.push_back(arm);
  }
  return result;
}

TEST(ScalingModel, OnlyArmsWithACoreForEachThread_InformIt) {
  ScalingResult result = Perfect(2, {1, 2, 4, 63});
  ApplyStepModel({.items = 128}, result);
  EXPECT_THAT(result.model_arms, ElementsAre(1u, 2u));
  ASSERT_EQ(result.checks.size(), 1u);
  EXPECT_THAT(result.checks[0].from, ElementsAre(1u));
  EXPECT_NEAR(result.checks[0].predicted, 2, 1e-9);
}

TEST(ScalingModel, WithMoreCores_OneAndTwoPredictTheOthersBesideWhatWasMeasured) {
  ScalingResult result = Perfect(16, {1, 2, 4, 8, 16, 32});
  result.arms[4].speed_up = 14;
  ApplyStepModel({.items = 128}, result);
  EXPECT_THAT(result.model_arms, ElementsAre(1u, 2u, 4u, 8u, 16u));
  ASSERT_EQ(result.checks.size(), 4u);
  EXPECT_EQ(result.checks[3].threads, 16u);
  EXPECT_THAT(result.checks[3].from, ElementsAre(1u, 2u));
  EXPECT_NEAR(result.checks[3].predicted, 16, 1e-9);
  EXPECT_NEAR(result.checks[3].error(), 16.0 / 14 - 1, 1e-9);
}

TEST(ScalingModel, OneArm_PredictsNothing) {
  ScalingResult result = Perfect(2, {1, 4});
  ApplyStepModel({.items = 128}, result);
  EXPECT_THAT(result.model_arms, IsEmpty());
  EXPECT_THAT(result.predictions, IsEmpty());
}

TEST(ScalingModel, Predictions_ReachFrom4To64Cores) {
  ScalingResult result = Perfect(2, {1, 2});
  ApplyStepModel({.items = 128}, result);
  std::vector<size_t> threads, cores;
  for (const ScalingPrediction& one : result.predictions) {
    threads.push_back(one.threads);
    cores.push_back(one.cores);
  }
  EXPECT_THAT(threads, ElementsAre(4u, 8u, 16u, 32u, 63u, 64u));
  EXPECT_THAT(cores, ElementsAre(4u, 8u, 16u, 32u, 64u, 64u));
  EXPECT_NEAR(result.predictions[4].speed_up, 128.0 / 3, 1e-9);
  EXPECT_NEAR(result.predictions[4].even_speed_up, 63, 1e-9);
}

TEST(ScalingModel, Bytes_GrowWithItemsAndParameters) {
  StepOptions step;
  step.batch = 12;
  step.item = 3;
  const StepWork work = WorkOf(step, 1000);
  EXPECT_EQ(work.items, 4u);
  EXPECT_EQ(work.items_bytes, 4 * 1000 * 24.0);
  EXPECT_EQ(work.other_bytes, 1000 * 60.0);
}

}  // namespace
}  // namespace cllm::measure
