#include "measure/configurations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm::measure {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// FLOP per token of the design's formula, worked out by hand.
TEST(Configurations, Yardsticks_CostWhatTheDesignSays) {
  const auto found = FindConfigurations("a,b,c");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(FlopPerToken((*found)[0].model),
            6.0 * (4 * (4 * 128 * 128 + 3 * 128 * 344) + 256 * 128) + 12 * 4 * 64 * 128);
  EXPECT_EQ(FlopPerToken((*found)[1].model),
            6.0 * (6 * (4 * 384 * 384 + 3 * 384 * 1024) + 256 * 384) + 12 * 6 * 256 * 384);
  EXPECT_EQ((*found)[2].model.vocabulary, 4096u);
}

TEST(Configurations, UnknownNames_AreUsageErrors) {
  for (const char* list : {"d", "", "a,", "a,,b", "A"}) {
    const auto found = FindConfigurations(list);
    ASSERT_FALSE(found.ok()) << list;
    EXPECT_EQ(found.status().code(), Code::kUsage) << list;
    EXPECT_THAT(found.status().message(), HasSubstr("--config")) << list;
  }
  EXPECT_EQ(Sweep("depth").status().code(), Code::kUsage);
}

TEST(Configurations, Sweeps_AreValidAndGrow) {
  for (const char* dimension : {"context", "vocabulary", "width", "parameters"}) {
    const auto sweep = Sweep(dimension);
    ASSERT_TRUE(sweep.ok()) << dimension;
    double last = 0;
    for (const Configuration& configuration : *sweep) {
      EXPECT_TRUE(Validate(configuration.model).ok()) << dimension << " " << configuration.name;
      EXPECT_GT(FlopPerToken(configuration.model), last) << dimension << " " << configuration.name;
      last = FlopPerToken(configuration.model);
      EXPECT_EQ(configuration.batch * configuration.model.context, 2048u) << dimension << " " << configuration.name;
    }
  }
  const auto sweep = Sweep("parameters");
  const auto million = [&](const Configuration& c) {
    return static_cast<double>(ParameterLayout(c.model).parameters()) * 1e-6;
  };
  EXPECT_NEAR(million(sweep->front()), 0.1, 0.03);
  EXPECT_NEAR(million(sweep->back()), 52, 2);
  for (const Configuration& c : *sweep) EXPECT_NEAR(million(c) / std::stod(c.name), 1, 0.15) << c.name;
}

TEST(Configurations, Counts_AreParsedAndBounded) {
  const auto counts = SplitCounts("threads", "1,2,63", 63);
  ASSERT_TRUE(counts.ok());
  EXPECT_THAT(*counts, ElementsAre(1, 2, 63));
  for (const char* list : {"", "0", "1,", "64", "-1", "1.5", "two", "99999999999999999999"}) {
    EXPECT_EQ(SplitCounts("threads", list, 63).status().code(), Code::kUsage) << list;
  }
}

// The precisions come from the run's own table, and each is one that it takes.
TEST(Configurations, Precisions_AreThoseOfTheRunsOptions) {
  ASSERT_FALSE(Precisions().empty());
  for (const std::string& precision : Precisions()) {
    EXPECT_TRUE(StepOf(Yardsticks().front(), {precision, "adamw"}).ok()) << precision;
  }
  EXPECT_EQ(StepOf(Yardsticks().front(), {"fp8", "adamw"}).status().code(), Code::kUsage);
  EXPECT_EQ(StepOf(Yardsticks().front(), {"fp32", "sgd"}).status().code(), Code::kUsage);
  EXPECT_EQ(StepOf(Yardsticks().front(), {"fp32", "adamw", 13}).status().code(), Code::kUsage) << "of 12 sequences";
}

}  // namespace
}  // namespace cllm::measure
