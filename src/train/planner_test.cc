#include "train/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "corpus/split_text.h"
#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

// A prepared text of `bytes` bytes, as single bytes.
class PlannedModel : public ::testing::Test {
 protected:
  RunConfig Plan(double seconds, RunConfig config = {}) {
    EXPECT_TRUE(PlanModel(*corpus_, kByteVocabulary, seconds, {200, 2}, config).ok());
    return config;
  }
  void SetUp() override {
    TextOptions options;
    options.corpus.paths = {directory_.Write("text.txt", SampleText(100'000, 1))};
    options.cache_directory = directory_ / "cache";
    const auto text = SplitText::Open(options);
    ASSERT_TRUE(text.ok()) << text.status().message();
    auto corpus = Prepare(*text, Tokenizer::Bytes(), {.threads = 1, .progress = {}});
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    corpus_ = std::make_unique<PreparedCorpus>(*std::move(corpus));
  }

  TemporaryDirectory directory_;
  std::unique_ptr<PreparedCorpus> corpus_;
};

TEST_F(PlannedModel, GrowsWithTheTime) {
  std::vector<size_t> sizes;
  for (const double seconds : {10.0, 60.0, 600.0, 3600.0}) {
    sizes.push_back(ParameterLayout(*Plan(seconds).Shape(kByteVocabulary)).parameters());
  }
  EXPECT_TRUE(std::is_sorted(sizes.begin(), sizes.end())) << testing::PrintToString(sizes);
  EXPECT_GT(sizes.back(), 2 * sizes.front()) << testing::PrintToString(sizes);
}

TEST_F(PlannedModel, DropsMoreTheMoreOftenTheTextIsRead) {
  RunConfig narrow, wide;
  narrow.layers = 2, narrow.width = 64;
  wide.layers = 8, wide.width = 512;
  EXPECT_GT(*Plan(600, narrow).dropout, *Plan(600, wide).dropout) << "a wide model sees fewer tokens in the time";
}

// What is not named is planned for the size that is.
TEST_F(PlannedModel, NamedSize_GetsAContextForItsOwnSpeed) {
  RunConfig narrow, wide;
  narrow.layers = 2, narrow.width = 64;
  wide.layers = 8, wide.width = 512;
  EXPECT_GT(*Plan(60, narrow).context, *Plan(60, wide).context);
}

TEST_F(PlannedModel, FineTuning_StartsWithLowerRates) {
  RunConfig tuned;
  tuned.from = "runs/model";
  EXPECT_LT(*Plan(60, tuned).rate, *Plan(60).rate);
  EXPECT_LT(*Plan(60, tuned).embedding_rate, *Plan(60).embedding_rate);
}

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
