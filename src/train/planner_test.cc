#include "train/planner.h"

#include <gtest/gtest.h>

#include <string>

namespace cllm {
namespace {

TEST(Planner, Steps_FillTheTime) {
  RunConfig config;
  config.batch = 8;
  config.context = 64;
  PlanSteps(106.0, 0.1, config);
  EXPECT_NEAR(static_cast<double>(*config.steps), 1000, 1);
  EXPECT_NEAR(static_cast<double>(*config.eval_every), 50, 1);
  EXPECT_GT(*config.save_every, 0u);
}

TEST(Planner, Steps_ThatAreNamed_Stay) {
  RunConfig config;
  config.batch = 8;
  config.context = 64;
  config.steps = 37;
  PlanSteps(0, 0, config);
  EXPECT_EQ(*config.steps, 37u);
  EXPECT_EQ(*config.eval_tokens, 0u) << "a run of a named length is evaluated on the whole validation part";
}

TEST(Planner, Tokenizer_GrowsWithTextAndTime) {
  const MachineSpeed machine{200, 2};
  EXPECT_EQ(PlanTokenizer(100'000, 600, machine), "bytes");
  EXPECT_EQ(PlanTokenizer(1'100'000, 60, machine), "bpe:1024");
  EXPECT_EQ(PlanTokenizer(20'000'000, 3600, machine), "bpe:4096");
}

TEST(Planner, MeasuredPeak_IsPositive) { EXPECT_GT(MeasureMachine(1, 2).peak_gflops, 0.1); }

TEST(Planner, MeasuredStep_RunsThePlannedModel) {
  RunConfig config;
  config.layers = 1, config.heads = 2, config.width = 16, config.hidden = 32, config.context = 16;
  config.batch = 4, config.item = 1, config.rate = 0.01, config.embedding_rate = 0.01, config.dropout = 0.0;
  const Result<double> seconds = MeasureStep(config, Tokenizer::Bytes(), 0.01);
  ASSERT_TRUE(seconds.ok()) << seconds.status().message();
  EXPECT_GT(*seconds, 0);
}

}  // namespace
}  // namespace cllm
