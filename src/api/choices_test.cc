#include "api/choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "run/run_config.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(ChoicesTest, Defaults_AreThoseOfTheProgram) {
  Result<RunChoices> choices = ChoicesOf({});
  ASSERT_TRUE(choices.ok()) << choices.status().message();
  EXPECT_EQ(choices->samples, 1u);  // of the three at a run's end only the program writes
  choices->samples = RunChoices().samples;
  const auto found = ToEntries(*choices), expected = ToEntries(RunChoices());
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].key, expected[i].key);
    EXPECT_EQ(found[i].value, expected[i].value) << found[i].key;
  }
}

TEST(ChoicesTest, EveryOption_Arrives) {
  TrainOptions o;
  o.steps = 7, o.tokenizer = "bytes", o.from = "model", o.layers = 1, o.heads = 2, o.width = 12, o.hidden = 32;
  o.context = 16, o.kv_heads = 1, o.head_dim = 4, o.untied = true, o.rope_base = 500, o.norm_eps = 1e-6;
  o.rope_factor = 8, o.rope_low = 2, o.rope_high = 3, o.rope_original = 512;
  o.batch = 6, o.item = 3, o.optimizer = OptimizerChoice::kAdamW, o.rate = 0.01, o.embedding_rate = 0.02;
  o.warmup = 5, o.weight_decay = 0.3, o.dropout = 0.25, o.lambda = 0.5, o.clip = 2, o.seed = 9, o.threads = 3;
  o.precision = PrecisionChoice::kBf16, o.eval_every = 11, o.save_every = 13, o.eval_tokens = 17, o.keep_every = 19;
  o.samples = false, o.patience = 23, o.on_divergence = DivergenceChoice::kRollback;
  const Result<RunChoices> choices = ChoicesOf(o);
  ASSERT_TRUE(choices.ok()) << choices.status().message();
  const RunChoices& c = *choices;
  EXPECT_EQ(c.steps, 7u);
  EXPECT_EQ(c.tokenizer, "bytes");
  EXPECT_EQ(c.from, "model");
  EXPECT_EQ(c.layers, 1u);
  EXPECT_EQ(c.heads, 2u);
  EXPECT_EQ(c.width, 12u);
  EXPECT_EQ(c.hidden, 32u);
  EXPECT_EQ(c.context, 16u);
  EXPECT_EQ(c.kv_heads, 1u);
  EXPECT_EQ(c.head_dim, 4u);
  EXPECT_EQ(c.untied, true);
  EXPECT_EQ(c.rope_base, 500);
  EXPECT_EQ(c.norm_eps, 1e-6);
  EXPECT_EQ(c.rope_factor, 8);
  EXPECT_EQ(c.rope_low, 2);
  EXPECT_EQ(c.rope_high, 3);
  EXPECT_EQ(c.rope_original, 512u);
  EXPECT_EQ(c.batch, 6u);
  EXPECT_EQ(c.item, 3u);
  EXPECT_EQ(c.optimizer, OptimizerKind::kAdamW);
  EXPECT_EQ(c.rate, 0.01);
  EXPECT_EQ(c.embedding_rate, 0.02);
  EXPECT_EQ(c.warmup, 5u);
  EXPECT_EQ(c.weight_decay, 0.3);
  EXPECT_EQ(c.dropout, 0.25);
  EXPECT_EQ(c.lambda, 0.5);
  EXPECT_EQ(c.clip, 2);
  EXPECT_EQ(c.seed, 9u);
  EXPECT_EQ(c.threads, 3u);
  EXPECT_EQ(c.precision, Precision::kBf16);
  EXPECT_EQ(c.eval_every, 11u);
  EXPECT_EQ(c.save_every, 13u);
  EXPECT_EQ(c.eval_tokens, 17u);
  EXPECT_EQ(c.keep_every, 19u);
  EXPECT_EQ(c.samples, 0u);
  EXPECT_EQ(c.patience, 23u);
  EXPECT_EQ(c.on_divergence, OnDivergence::kRollback);
  const Result<RunChoices> by_time = ChoicesOf({.time_s = 12.5});
  ASSERT_TRUE(by_time.ok()) << by_time.status().message();
  EXPECT_EQ(by_time->time_s, 12.5);
}

TEST(ChoicesTest, NumberOutOfRange_IsRefusedByItsName) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinite = std::numeric_limits<double>::infinity();
  const struct {
    const char* name;
    std::function<void(TrainOptions&)> choose;
  } cases[] = {
      {"`layers`", [](TrainOptions& o) { o.layers = 0; }},
      {"`width`", [](TrainOptions& o) { o.width = std::numeric_limits<size_t>::max(); }},
      {"`context`", [](TrainOptions& o) { o.context = 0; }},
      {"`kv-heads`", [](TrainOptions& o) { o.kv_heads = 0; }},
      {"`norm-eps`", [=](TrainOptions& o) { o.norm_eps = nan; }},
      {"`batch`", [](TrainOptions& o) { o.batch = 0; }},
      {"`batch`", [](TrainOptions& o) { o.batch = 65537; }},
      {"`item`", [](TrainOptions& o) { o.item = 0; }},
      {"`steps`", [](TrainOptions& o) { o.steps = 0; }},
      {"`time`", [](TrainOptions& o) { o.time_s = 1; }},
      {"`time`", [](TrainOptions& o) { o.time_s = -60; }},
      {"`time`", [=](TrainOptions& o) { o.time_s = nan; }},
      {"`time`", [=](TrainOptions& o) { o.time_s = infinite; }},
      {"`lr`", [](TrainOptions& o) { o.rate = 0; }},
      {"`lr`", [=](TrainOptions& o) { o.rate = nan; }},
      {"`embedding-lr`", [](TrainOptions& o) { o.embedding_rate = -1; }},
      {"`dropout`", [](TrainOptions& o) { o.dropout = 1; }},
      {"`lambda`", [=](TrainOptions& o) { o.lambda = infinite; }},
      {"`clip`", [](TrainOptions& o) { o.clip = -1; }},
      {"`seed`", [](TrainOptions& o) { o.seed = uint64_t{1} << 63; }},
      {"`threads`", [](TrainOptions& o) { o.threads = 5000; }},
      {"`eval-every`", [](TrainOptions& o) { o.eval_every = 0; }},
      {"`save-every`", [](TrainOptions& o) { o.save_every = 0; }},
      {"tokenizer", [](TrainOptions& o) { o.tokenizer = "bpe:12"; }},
      {"tokenizer", [](TrainOptions& o) { o.tokenizer = "bpe:many"; }},
  };
  for (const auto& each : cases) {
    TrainOptions options;
    each.choose(options);
    const Status status = ChoicesOf(options).status();
    EXPECT_EQ(status.code(), Code::kUsage) << each.name;
    EXPECT_THAT(status.message(), HasSubstr(each.name));
  }
}

TEST(ChoicesTest, TimeAndSteps_ContradictEachOther) {
  EXPECT_EQ(ChoicesOf({.time_s = 60, .steps = 5}).status().code(), Code::kUsage);
  RunChoices choices;
  EXPECT_EQ(TakeGoal({.steps = 5, .time_s = 60}, choices).code(), Code::kUsage);
}

TEST(ChoicesTest, Goal_IsCheckedAndTaken) {
  RunChoices choices;
  choices.patience = 4;
  EXPECT_TRUE(TakeGoal({.steps = 5, .threads = 2}, choices).ok());
  EXPECT_EQ(choices.patience, 4u);
  EXPECT_EQ(choices.threads, 2u);
  EXPECT_TRUE(TakeGoal({.patience = 0}, choices).ok());
  EXPECT_EQ(choices.patience, 0u);
  EXPECT_EQ(TakeGoal({.steps = 0}, choices).code(), Code::kUsage);
  EXPECT_EQ(TakeGoal({.time_s = 0}, choices).code(), Code::kUsage);
  EXPECT_EQ(TakeGoal({.threads = 1'000'000}, choices).code(), Code::kUsage);
}

}  // namespace
}  // namespace cllm
