#include "infer/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>
#include <string>

#include "infer/model_fixture.h"
#include "kernels/simd.h"
#include "model/context.h"
#include "model/reference.h"
#include "model/transformer.h"

namespace {

std::atomic<size_t> allocations = 0;

}  // namespace

// Not inlined, or the compiler pairs malloc and free with the other sides of new and delete, and warns.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(std::max<size_t>(bytes, 1))) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(size_t bytes, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(std::max<size_t>(bytes, 1));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace cllm {
namespace {

constexpr float kFactor = 8;

std::vector<ModelConfig> Shapes() {
  return {{.layers = 1, .heads = 1, .width = 2, .hidden = 1, .context = 1, .vocabulary = 4},
          {.layers = 2, .heads = 2, .width = 12, .hidden = 21, .context = 9, .vocabulary = 11},
          {.layers = 2, .heads = 3, .width = 36, .hidden = 130, .context = 101, .vocabulary = 33},
          {.layers = 1, .heads = 2, .width = 64, .hidden = 172, .context = 200, .vocabulary = 259}};
}

std::string Name(const ModelConfig& config) {
  return "width " + std::to_string(config.width) + ", context " + std::to_string(config.context);
}

bool SameBits(std::span<const float> a, std::span<const float> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
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
std::vector<float> TrainingLogits(const TestModel& model, const std::vector<uint32_t>& tokens) {
  const ModelConfig& config = model.config;
  const Classes classes(config.vocabulary);
  const Transformer transformer(config, model.parameters, model.packed, classes.view());
  TrainingContext context(config, 1);
  std::copy(tokens.begin(), tokens.end(), context.inputs.begin());
  LossSums sums;
  transformer.Evaluate(context, tokens.size(), 0, sums);
  std::vector<float> logits(tokens.size() * config.vocabulary);
  LinearForward(context.normed, config.width, tokens.size(), model.packed.forward(0), logits.data(), config.vocabulary);
  return logits;
}

// Runs each test on every SIMD target of the machine.
class DecoderOnTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { ASSERT_TRUE(ForceSimd(GetParam()).ok()); }
  void TearDown() override { ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok()); }
};

INSTANTIATE_TEST_SUITE_P(All, DecoderOnTarget, testing::ValuesIn(SimdTargets()),
                         [](const auto& target) { return target.param; });

TEST_P(DecoderOnTarget, AppendAll_EqualsTrainingForward_BitForBit) {
  for (const Precision precision :
       {Precision::kFp32, Precision::kBf16, Precision::kBf16Weights, Precision::kQ8Weights}) {
    for (const ModelConfig& config : Shapes()) {
      const TestModel model = RandomModel(config, 1, kFactor, precision);
      const std::vector<uint32_t> tokens = RandomTokens(2, config.context, config.vocabulary);
      Decoder decoder(config, model.parameters, model.packed);
      EXPECT_TRUE(SameBits(decoder.AppendAll(tokens), TrainingLogits(model, tokens))) << Name(config);
    }
  }
}

// What is kept in fewer bits is a model in floats: token by token as at once, read from fewer bytes.
TEST_P(DecoderOnTarget, FewerBits_GiveTheRoundedModelsLogits_BitForBit) {
  for (const Precision precision : {Precision::kBf16Weights, Precision::kQ8Weights}) {
    for (const ModelConfig& config : Shapes()) {
      TestModel model = RandomModel(config, 5, kFactor);
      const std::vector<uint32_t> tokens = RandomTokens(6, config.context, config.vocabulary);
      const std::vector<float> exact = TrainingLogits(model, tokens);
      const PackedWeights kept = RoundAndPack(model.parameters, config, precision);
      model.packed.PackAll(model.parameters);
      const std::vector<float> rounded = TrainingLogits(model, tokens);
      EXPECT_FALSE(SameBits(rounded, exact)) << Name(config);
      Decoder decoder(config, model.parameters, kept);
      for (size_t i = 0; i < tokens.size(); ++i) {
        ASSERT_TRUE(SameBits(decoder.Append({&tokens[i], 1}),
                             std::span(rounded).subspan(i * config.vocabulary, config.vocabulary)))
            << Name(config) << ", token " << i;
      }
    }
  }
}

TEST_P(DecoderOnTarget, Append_AnySplit_SameBits) {
  for (const ModelConfig& config : Shapes()) {
    const TestModel model = RandomModel(config, 3, kFactor);
    const std::vector<uint32_t> tokens = RandomTokens(4, config.context, config.vocabulary);
    const std::vector<float> whole = TrainingLogits(model, tokens);
    for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, size_t{48}, size_t{65}, config.context}) {
      Decoder decoder(config, model.parameters, model.packed);
      for (size_t begin = 0; begin < tokens.size(); begin += step) {
        const size_t n = std::min(step, tokens.size() - begin);
        const auto logits = decoder.Append(std::span(tokens).subspan(begin, n));
        const auto expected = std::span(whole).subspan((begin + n - 1) * config.vocabulary, config.vocabulary);
        ASSERT_TRUE(SameBits(logits, expected)) << Name(config) << ", by " << step << ", position " << begin;
        ASSERT_EQ(decoder.position(), begin + n);
      }
    }
  }
}

TEST_P(DecoderOnTarget, AppendAll_AfterUnevenCalls_SameBits) {
  const ModelConfig config = Shapes()[2];
  const TestModel model = RandomModel(config, 5, kFactor);
  const std::vector<uint32_t> tokens = RandomTokens(6, config.context, config.vocabulary);
  Decoder decoder(config, model.parameters, model.packed);
  std::vector<float> logits;
  size_t begin = 0;
  for (const size_t n : std::initializer_list<size_t>{3, 1, 66, 1, 30}) {
    const std::vector<float> part = decoder.AppendAll(std::span(tokens).subspan(begin, n));
    logits.insert(logits.end(), part.begin(), part.end());
    begin += n;
  }
  ASSERT_EQ(begin, tokens.size());
  EXPECT_TRUE(SameBits(logits, TrainingLogits(model, tokens)));
}

TEST_P(DecoderOnTarget, Logits_EqualThoseOfTheBestTarget) {
  const ModelConfig config = Shapes()[2];
  const std::vector<uint32_t> tokens = RandomTokens(7, config.context, config.vocabulary);
  const auto logits = [&] {
    const TestModel model = RandomModel(config, 8, kFactor);
    return Decoder(config, model.parameters, model.packed).AppendAll(tokens);
  };
  const std::vector<float> here = logits();
  ASSERT_TRUE(ForceSimd(SimdTargets().front()).ok());
  EXPECT_TRUE(SameBits(here, logits()));
}

TEST(Decoder, Logits_NearTheDoublePrecisionOracle) {
  for (const ModelConfig& config : Shapes()) {
    const TestModel model = RandomModel(config, 9, kFactor);
    const std::vector<uint32_t> tokens = RandomTokens(10, config.context, config.vocabulary);
    const std::vector<double> parameters(model.parameters.data(),
                                         model.parameters.data() + model.parameters.layout().size());
    const std::vector<double> expected = reference::Logits(config, parameters, tokens);
    const std::vector<float> logits = Decoder(config, model.parameters, model.packed).AppendAll(tokens);
    double largest = 0;
    for (double value : expected) largest = std::max(largest, std::abs(value));
    for (size_t i = 0; i < logits.size(); ++i) {
      ASSERT_NEAR(logits[i], expected[i], 2e-5 * largest) << Name(config) << ", value " << i;
    }
  }
}

TEST(Decoder, LogSoftmaxOfLogits_SumsToTheEvaluatedLoss) {
  const ModelConfig config = Shapes()[3];
  const TestModel model = RandomModel(config, 11, kFactor);
  const std::vector<uint32_t> tokens = RandomTokens(12, config.context + 1, config.vocabulary);
  const std::span<const uint32_t> inputs = std::span(tokens).first(config.context);
  const std::vector<float> logits = Decoder(config, model.parameters, model.packed).AppendAll(inputs);
  double nats = 0;
  for (size_t t = 0; t < inputs.size(); ++t) {
    const float* row = logits.data() + t * config.vocabulary;
    double sum = 0;
    for (size_t v = 0; v < config.vocabulary; ++v) sum += std::exp(static_cast<double>(row[v]));
    nats += std::log(sum) - row[tokens[t + 1]];
  }
  const Classes classes(config.vocabulary);
  TrainingContext context(config, 1);
  std::copy(inputs.begin(), inputs.end(), context.inputs.begin());
  std::copy(tokens.begin() + 1, tokens.end(), context.targets.begin());
  LossSums sums;
  Transformer(config, model.parameters, model.packed, classes.view()).Evaluate(context, config.context, 0, sums);
  const double positions = static_cast<double>(config.context);
  EXPECT_NEAR(nats / positions, LossSums::Nats(sums.token) / positions, 1e-5);
}

TEST(Decoder, Append_AllocatesNothing) {
  const ModelConfig config = Shapes()[2];
  const TestModel model = RandomModel(config, 13, kFactor);
  const std::vector<uint32_t> tokens = RandomTokens(14, config.context, config.vocabulary);
  Decoder decoder(config, model.parameters, model.packed);
  const size_t before = allocations;
  for (const uint32_t& token : tokens) static_cast<void>(decoder.Append({&token, 1}));
  EXPECT_EQ(allocations, before);
  decoder.Clear();
  static_cast<void>(decoder.AppendAll(tokens));  // which returns a vector: the counter works
  EXPECT_GT(allocations, before);
}

TEST(Decoder, Clear_BeginsANewSequence) {
  const ModelConfig config = Shapes()[1];
  const TestModel model = RandomModel(config, 15, kFactor);
  const std::vector<uint32_t> tokens = RandomTokens(16, config.context, config.vocabulary);
  Decoder decoder(config, model.parameters, model.packed);
  const std::vector<float> first = decoder.AppendAll(tokens);
  decoder.Clear();
  EXPECT_EQ(decoder.position(), 0u);
  EXPECT_TRUE(SameBits(decoder.AppendAll(tokens), first));
}

TEST(Decoder, Bytes_CountEachLayersKeysAndValues) {
  ModelConfig config = Shapes()[2];
  const size_t bytes = Decoder::Bytes(config);
  config.layers += 1;
  const size_t keys_and_values = 2 * config.context * config.width * sizeof(float);
  EXPECT_GE(Decoder::Bytes(config) - bytes, keys_and_values);
  EXPECT_LE(Decoder::Bytes(config) - bytes, 2 * keys_and_values);  // the panels' round numbers of keys
}

}  // namespace
}  // namespace cllm
