#include "infer/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>

#include "infer/testing/models.h"
#include "kernels/simd.h"
#include "model/context.h"
#include "model/testing/reference.h"
#include "model/transformer.h"
#include "nn/linear.h"

namespace cllm {
namespace {

constexpr float kFactor = 8;

// The fourth has more positions than a cache page; the last two share key/value heads.
std::vector<ModelShape> Shapes() {
  return {{.layers = 1, .heads = 1, .width = 2, .hidden = 1, .context = 1, .vocabulary = 4},
          {.layers = 2, .heads = 2, .width = 12, .hidden = 21, .context = 9, .vocabulary = 11},
          {.layers = 2, .heads = 3, .width = 36, .hidden = 130, .context = 101, .vocabulary = 33},
          {.layers = 1, .heads = 2, .width = 64, .hidden = 172, .context = 200, .vocabulary = 259},
          {.layers = 2, .heads = 4, .width = 32, .hidden = 100, .context = 150, .vocabulary = 40, .kv_heads = 2,
           .head_dim = 24, .untied = true, .rope_base = 50000, .norm_eps = 1e-6},
          {.layers = 2, .heads = 3, .width = 40, .hidden = 800, .context = 20, .vocabulary = 97, .kv_heads = 1,
           .head_dim = 6}};
}

std::string Name(const ModelShape& shape) {
  return "width " + std::to_string(shape.width) + ", context " + std::to_string(shape.context);
}

// A class of its own for each token: what the loss needs beside the model.
struct Classes {
  std::vector<int32_t> ids;
  explicit Classes(size_t vocabulary) : ids(vocabulary) {
    for (size_t i = 0; i < vocabulary; ++i) ids[i] = static_cast<int32_t>(i);
  }
  LossClasses view() const { return {ids, ids}; }
};

// The logits [T, V] of training's forward pass.
std::vector<float> TrainingLogits(const Weights& weights, const std::vector<uint32_t>& tokens) {
  const ModelShape& shape = weights.shape();
  const Classes classes(shape.vocabulary);
  const Transformer transformer(weights, classes.view());
  TrainingContext context(shape, 1);
  std::copy(tokens.begin(), tokens.end(), context.inputs.begin());
  LossSums sums;
  transformer.Evaluate(context, tokens.size(), 0, sums);
  std::vector<float> logits(tokens.size() * shape.vocabulary);
  LinearForward(context.normed, shape.width, tokens.size(), weights.forward(weights.layout().head()), logits.data(),
                shape.vocabulary);
  return logits;
}

// Logits [T, V] of a sequence that is read `step` tokens at a time.
std::vector<float> LogitsBySteps(const Weights& weights, std::span<const uint32_t> tokens, size_t step,
                                 Spheres* pool = nullptr) {
  Batch batch(weights, step, pool);
  KeyValueCache cache(weights.shape());
  std::vector<float> all;
  for (size_t begin = 0; begin < tokens.size(); begin += step) {
    const BatchPart part{.cache = &cache,
                         .tokens = tokens.subspan(begin, std::min(step, tokens.size() - begin)),
                         .logits = BatchPart::Logits::kAll};
    const std::span<const float> logits = batch.Step({&part, 1});
    all.insert(all.end(), logits.begin(), logits.end());
  }
  return all;
}

std::unique_ptr<Spheres> Pool(size_t leaves) {
  SpheresOptions options;
  options.leaves = leaves;
  options.permits = leaves;
  auto pool = Spheres::Start(std::move(options));
  EXPECT_TRUE(pool.ok());
  return std::move(*pool);
}

// Runs each test on every SIMD target of the machine.
class BatchOnTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(ForceSimd(GetParam()).ok()); }
  void TearDown() override { ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok()); }
};

INSTANTIATE_TEST_SUITE_P(All, BatchOnTarget, testing::ValuesIn(SimdTargets()),
                         [](const auto& target) { return target.param; });

TEST_P(BatchOnTarget, CachedLogits_EqualTrainingForward_BitForBit) {
  for (const ModelShape& shape : Shapes()) {
    const Parameters values = RandomModel(shape, 1, kFactor);
    const std::vector<uint32_t> tokens = RandomTokens(2, shape.context, shape.vocabulary);
    const auto check = [&](const Weights& weights) {
      EXPECT_TRUE(SameBits(LogitsBySteps(weights, tokens, 64), TrainingLogits(weights, tokens))) << Name(shape);
    };
    for (const Precision precision : {Precision::kFp32, Precision::kBf16}) check(ToTrain(values, precision));
    for (const Storage storage : {Storage::kF32, Storage::kBf16, Storage::kQ8}) check(ToRead(values, storage));
  }
}

// What is kept in fewer bits is a model in floats: token by token as at once, read from fewer bytes.
TEST_P(BatchOnTarget, FewerBits_GiveTheRoundedModelsLogits_BitForBit) {
  for (const Storage storage : {Storage::kBf16, Storage::kQ8}) {
    for (const ModelShape& shape : Shapes()) {
      Parameters values = RandomModel(shape, 5, kFactor);
      const Weights kept = ToRead(values, storage);
      const std::vector<uint32_t> tokens = RandomTokens(6, shape.context, shape.vocabulary);
      const std::vector<float> exact = TrainingLogits(ToRead(values), tokens);
      for (const TensorInfo& info : values.layout().tensors()) {
        if (!info.is_norm()) RoundWeights(values.tensor(info).data(), info.rows, info.columns, storage);
      }
      const std::vector<float> rounded = TrainingLogits(ToRead(values), tokens);
      EXPECT_FALSE(SameBits(rounded, exact)) << Name(shape);
      EXPECT_TRUE(SameBits(LogitsBySteps(kept, tokens, 1), rounded)) << Name(shape);
    }
  }
}

TEST_P(BatchOnTarget, AnySplit_SameBits) {
  for (const ModelShape& shape : Shapes()) {
    const Weights weights = ToRead(RandomModel(shape, 3, kFactor));
    const std::vector<uint32_t> tokens = RandomTokens(4, shape.context, shape.vocabulary);
    const std::vector<float> whole = TrainingLogits(weights, tokens);
    for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, size_t{48}, size_t{65}, shape.context}) {
      ASSERT_TRUE(SameBits(LogitsBySteps(weights, tokens, step), whole)) << Name(shape) << ", by " << step;
    }
  }
}

// Work large enough for a team: columns of every product are cut, at one to seven members.
TEST_P(BatchOnTarget, AnyNumberOfThreads_SameBits) {
  const ModelShape shape{.layers = 2, .heads = 6, .width = 192, .hidden = 900, .context = 150, .vocabulary = 300,
                         .kv_heads = 3};
  const Weights weights = ToRead(RandomModel(shape, 7, 4));
  const std::vector<uint32_t> tokens = RandomTokens(8, shape.context, shape.vocabulary);
  const std::vector<float> alone = LogitsBySteps(weights, tokens, 50);
  for (const size_t leaves : {size_t{1}, size_t{2}, size_t{3}, size_t{7}}) {
    const auto pool = Pool(leaves);
    EXPECT_EQ(Batch(weights, 50, pool.get()).team_size(), leaves);
    EXPECT_TRUE(SameBits(LogitsBySteps(weights, tokens, 50, pool.get()), alone)) << leaves;
  }
}

TEST_P(BatchOnTarget, Logits_EqualThoseOfTheBestTarget) {
  const ModelShape shape = Shapes()[2];
  const std::vector<uint32_t> tokens = RandomTokens(7, shape.context, shape.vocabulary);
  const auto logits = [&] { return LogitsBySteps(ToRead(RandomModel(shape, 8, kFactor)), tokens, 64); };
  const std::vector<float> here = logits();
  ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
  EXPECT_TRUE(SameBits(here, logits()));
}

// Sequences of different lengths in one step, each at another position.
TEST(Batch, SequencesTogether_SameBitsAsEachAlone) {
  const ModelShape shape = Shapes()[4];
  const Weights weights = ToRead(RandomModel(shape, 9, kFactor));
  constexpr size_t kSequences = 5;
  std::vector<KeyValueCache> caches(kSequences, KeyValueCache(shape));
  std::vector<std::vector<uint32_t>> tokens;
  std::vector<std::vector<float>> logits(kSequences);
  for (size_t s = 0; s < kSequences; ++s) tokens.push_back(RandomTokens(20 + s, 30 * (s + 1), shape.vocabulary));
  Batch batch(weights, 64);
  for (uint64_t step = 0;; ++step) {
    std::vector<BatchPart> parts;
    std::vector<size_t> of;
    for (size_t s = 0; s < kSequences; ++s) {
      const size_t left = tokens[s].size() - caches[s].positions();
      const size_t n = std::min<size_t>(left, RandomBits(s, step) % 12);
      if (n == 0) continue;
      parts.push_back({.cache = &caches[s],
                       .tokens = std::span(tokens[s]).subspan(caches[s].positions(), n),
                       .logits = BatchPart::Logits::kAll});
      of.push_back(s);
    }
    if (parts.empty() && step > 100) break;
    if (parts.empty()) continue;
    std::span<const float> rows = batch.Step(parts);
    for (size_t i = 0; i < parts.size(); ++i) {
      const size_t floats = parts[i].tokens.size() * shape.vocabulary;
      logits[of[i]].insert(logits[of[i]].end(), rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(floats));
      rows = rows.subspan(floats);
    }
  }
  for (size_t s = 0; s < kSequences; ++s) {
    EXPECT_TRUE(SameBits(logits[s], LogitsBySteps(weights, tokens[s], 64))) << s;
  }
}

TEST(Batch, LogitsThatNobodyAskedFor_AreNotThere) {
  const ModelShape shape = Shapes()[2];
  const Weights weights = ToRead(RandomModel(shape, 10, kFactor));
  const std::vector<uint32_t> tokens = RandomTokens(11, 30, shape.vocabulary);
  KeyValueCache first(shape), second(shape);
  Batch batch(weights, 64);
  const BatchPart parts[] = {
      {.cache = &first, .tokens = std::span(tokens).first(20), .logits = BatchPart::Logits::kNone},
      {.cache = &second, .tokens = tokens, .logits = BatchPart::Logits::kLast}};
  const std::span<const float> logits = batch.Step(parts);
  const std::vector<float> all = LogitsBySteps(weights, tokens, 64);
  EXPECT_TRUE(SameBits(logits, std::span(all).last(shape.vocabulary)));
  const BatchPart more{.cache = &first, .tokens = std::span(tokens).subspan(20), .logits = BatchPart::Logits::kLast};
  EXPECT_TRUE(SameBits(batch.Step({&more, 1}), std::span(all).last(shape.vocabulary)));
}

// Two sequences with the same beginning, which is computed once.
TEST(Batch, CopiesOfACache_ShareTheBeginningAndPartThen) {
  const ModelShape shape = Shapes()[4];
  const Weights weights = ToRead(RandomModel(shape, 12, kFactor));
  std::vector<uint32_t> tokens = RandomTokens(13, 140, shape.vocabulary);
  Batch batch(weights, 140);
  KeyValueCache original(shape);
  const BatchPart beginning{.cache = &original, .tokens = std::span(tokens).first(130)};
  batch.Step({&beginning, 1});
  KeyValueCache copy = original;
  std::vector<uint32_t> other = tokens;
  for (size_t i = 130; i < 140; ++i) other[i] = (tokens[i] + 1) % static_cast<uint32_t>(shape.vocabulary);
  const BatchPart parts[] = {
      {.cache = &original, .tokens = std::span(tokens).subspan(130), .logits = BatchPart::Logits::kAll},
      {.cache = &copy, .tokens = std::span(other).subspan(130), .logits = BatchPart::Logits::kAll}};
  const std::span<const float> logits = batch.Step(parts);
  const size_t half = 10 * shape.vocabulary;
  const std::vector<float> alone = LogitsBySteps(weights, tokens, 64), other_alone = LogitsBySteps(weights, other, 64);
  EXPECT_TRUE(SameBits(logits.first(half), std::span(alone).last(half)));
  EXPECT_TRUE(SameBits(logits.subspan(half), std::span(other_alone).last(half)));
}

TEST(Batch, Logits_NearTheDoublePrecisionOracle) {
  for (const ModelShape& shape : Shapes()) {
    const Parameters values = RandomModel(shape, 9, kFactor);
    const std::vector<uint32_t> tokens = RandomTokens(10, shape.context, shape.vocabulary);
    const std::vector<double> parameters(values.data(), values.data() + values.layout().size());
    const std::vector<double> expected = reference::Logits(shape, parameters, tokens);
    const std::vector<float> logits = LogitsBySteps(ToRead(values), tokens, 64);
    double largest = 0;
    for (double value : expected) largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < logits.size(); ++i) {
      ASSERT_NEAR(logits[i], expected[i], 2e-5 * largest) << Name(shape) << ", value " << i;
    }
  }
}

TEST(Batch, LogSoftmaxOfLogits_SumsToTheEvaluatedLoss) {
  const ModelShape shape = Shapes()[3];
  const Weights weights = ToRead(RandomModel(shape, 11, kFactor));
  const std::vector<uint32_t> tokens = RandomTokens(12, shape.context + 1, shape.vocabulary);
  const std::span<const uint32_t> inputs = std::span(tokens).first(shape.context);
  const std::vector<float> logits = LogitsBySteps(weights, inputs, 64);
  double nats = 0;
  for (size_t t = 0; t < inputs.size(); ++t) {
    const float* row = logits.data() + t * shape.vocabulary;
    double sum = 0;
    for (size_t v = 0; v < shape.vocabulary; ++v) sum += std::exp(static_cast<double>(row[v]));
    nats += std::log(sum) - row[tokens[t + 1]];
  }
  const Classes classes(shape.vocabulary);
  TrainingContext context(shape, 1);
  std::copy(inputs.begin(), inputs.end(), context.inputs.begin());
  std::copy(tokens.begin() + 1, tokens.end(), context.targets.begin());
  LossSums sums;
  Transformer(weights, classes.view()).Evaluate(context, shape.context, 0, sums);
  const double positions = static_cast<double>(shape.context);
  EXPECT_NEAR(nats / positions, LossSums::Nats(sums.token) / positions, 1e-5);
}

}  // namespace
}  // namespace cllm
