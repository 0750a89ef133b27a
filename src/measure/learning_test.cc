#include "measure/learning.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "measure/seeded_text.h"

namespace cllm::measure {
namespace {

LearningTask Task(std::string_view text, size_t steps) {
  return {.text = text, .steps = steps, .batch = 8, .precision = "fp32", .optimizer = "adamw"};
}

TEST(UnigramEntropy, OfKnownTexts) {
  EXPECT_EQ(UnigramEntropy("aaaa"), 0);
  EXPECT_NEAR(UnigramEntropy("abab"), std::log(2.0), 1e-12);
  EXPECT_NEAR(UnigramEntropy("aaab"), -0.75 * std::log(0.75) - 0.25 * std::log(0.25), 1e-12);
}

TEST(CountNotFinite, CountsNumbersThatAreNone) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(CountNotFinite(std::vector<float>{0, 1, -3e38f}), 0u);
  EXPECT_EQ(CountNotFinite(std::vector<float>{0, kNan, -kInfinity, kInfinity}), 3u);
}

TEST(Learning, FallsBelowTheUnigramEntropy_AndIsTheSameOnAnyThreads) {
  const std::string text = SeededText(3, 40000);
  const auto one = Learn(Task(text, 60), 1);
  ASSERT_TRUE(one.ok()) << one.status().message();
  EXPECT_GT(one->points.front().validation, UnigramEntropy(text));  // untrained
  EXPECT_LT(one->validation_loss(), UnigramEntropy(text));
  EXPECT_EQ(one->not_finite, 0u);
  EXPECT_EQ(one->points.back().step, 60u);
  const auto five = Learn(Task(text, 60), 5);
  ASSERT_TRUE(five.ok()) << five.status().message();
  EXPECT_EQ(five->weights_hash, one->weights_hash);
  EXPECT_EQ(five->training_loss, one->training_loss);
  ASSERT_EQ(five->points.size(), one->points.size());
  for (size_t i = 0; i < one->points.size(); ++i) EXPECT_EQ(five->points[i].validation, one->points[i].validation);
}

TEST(Learning, AnotherText_EndsElsewhere) {
  const std::string first = SeededText(1, 20000), second = SeededText(2, 20000);
  const auto a = Learn(Task(first, 3), 2), b = Learn(Task(second, 3), 2);
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_NE(a->weights_hash, b->weights_hash);
}

TEST(Learning, ShortText_IsBadInput) {
  EXPECT_EQ(Learn(Task("too short", 3), 1).status().code(), Code::kBadInput);
}

TEST(SeededText, IsAFunctionOfTheSeed) {
  const std::string text = SeededText(1, 5000);
  EXPECT_EQ(text, SeededText(1, 5000));
  EXPECT_NE(text, SeededText(2, 5000));
  EXPECT_GE(text.size(), 5000u);
  EXPECT_LT(text.size(), 5300u);
}

}  // namespace
}  // namespace cllm::measure
