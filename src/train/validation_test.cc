#include "train/validation.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "data/evaluation_windows.h"
#include "model/parameters.h"

namespace cllm {
namespace {

constexpr ModelShape kShape{.layers = 1, .heads = 1, .width = 2, .hidden = 2, .context = 2};

// A small model and the tokens of a text in memory.
class ValidationTest : public ::testing::Test {
 protected:
  static Weights MakeWeights() {
    Parameters parameters(kShape);
    InitializeParameters(5, parameters);
    return Weights(std::move(parameters), Storage::kF32);
  }
  void Fill(size_t tokens) {
    for (size_t i = 0; i < tokens; ++i) tokens_.push_back(static_cast<uint16_t>(3 + i * i % 251));
  }
  TokenView View() const { return {tokens_.data(), sizeof(uint16_t), tokens_.size(), tokenizer_.vocabulary()}; }

  Result<EvaluationResult> Run(size_t threads, size_t count) const {
    CLLM_ASSIGN(const auto spheres, Spheres::Start({.leaves = threads}));
    CLLM_ASSIGN(const auto contexts, PerLeaf<TrainingContext>::Make(*spheres, [&](const Leaf&) {
                  return std::make_unique<TrainingContext>(kShape, 1);
                }));
    const Validation validation({.tokens = View(), .bytes = tokens_.size()}, tokenizer_, kShape.context,
                                kShape.context);
    return validation.Run(*spheres, contexts, transformer_, count);
  }
  // What the windows of a sample are worth, one after another on one worker.
  LossSums Expected(size_t count) const {
    TrainingContext context(kShape, 1);
    LossSums sums;
    const EvaluationWindows windows(tokens_.size(), kShape.context, kShape.context);
    for (size_t i = 0; i < count; ++i) {
      const EvaluationWindow window = windows.OfSample(i, count);
      for (size_t t = 0; t < window.length; ++t) {
        context.inputs[t] = tokens_[window.start + t];
        context.targets[t] = tokens_[window.start + t + 1];
      }
      transformer_.Evaluate(context, window.length, 0, sums);
    }
    return sums;
  }

  const Tokenizer tokenizer_ = Tokenizer::Bytes();
  const Weights weights_ = MakeWeights();
  const Transformer transformer_{weights_, {tokenizer_.lattice().root_class(), tokenizer_.lattice().form_class()}};
  std::vector<uint16_t> tokens_;
};

// More windows than the sums of one round: each is counted once, whatever the threads.
TEST_F(ValidationTest, ManyWindows_AreEachCountedOnce) {
  Fill(1 + 2 * 20'000 + 1);
  const MeanScores expected = MeanScores::Of(Expected(20'001));
  EXPECT_EQ(expected.positions, 40'001u);
  for (const size_t threads : {1u, 3u}) {
    const Result<EvaluationResult> found = Run(threads, 30'000);
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_TRUE(found->whole);
    EXPECT_EQ(found->scores.positions, expected.positions);
    EXPECT_EQ(found->scores.token, expected.token);
    EXPECT_EQ(found->scores.root, expected.root);
    EXPECT_EQ(found->scores.form, expected.form);
  }
}

TEST_F(ValidationTest, Sample_IsSpreadEvenly_AndCountsItsOwnBytes) {
  Fill(1 + 2 * 100);
  for (const size_t count : {1u, 7u, 99u}) {
    const Result<EvaluationResult> found = Run(2, count);
    ASSERT_TRUE(found.ok()) << found.status().message();
    const MeanScores expected = MeanScores::Of(Expected(count));
    EXPECT_FALSE(found->whole);
    EXPECT_EQ(found->scores.positions, 2 * count);
    EXPECT_EQ(found->scores.token, expected.token);
    EXPECT_NEAR(found->bits_per_byte, expected.token / 0.6931471805599453, 1e-12) << "a byte is a token";
  }
}

TEST_F(ValidationTest, TokenOutsideTheVocabulary_IsAnError) {
  Fill(100);
  tokens_[77] = 259;
  EXPECT_EQ(Run(2, 1000).status().code(), Code::kBadInput);
}

// Only some targets count: the sum over them, whatever the threads; windows without any are left out.
TEST_F(ValidationTest, ScoredSpans_AreCounted_AndTheirBytesAlone) {
  Fill(101);
  const std::vector<uint64_t> pairs = {5, 9, 20, 21, 60, 90};
  const ScoredSpans spans(reinterpret_cast<const std::byte*>(pairs.data()), 3);
  const Validation validation({.tokens = View(), .bytes = 35, .scored = spans}, tokenizer_, kShape.context,
                              kShape.context);
  TrainingContext context(kShape, 1);
  LossSums expected;
  size_t windows = 0;
  for (size_t start = 0; start + 2 <= 100; start += 2) {
    bool any = false;
    for (size_t t = 0; t < 2; ++t) {
      context.inputs[t] = tokens_[start + t];
      context.targets[t] = spans.CountIn(start + t + 1, 1) != 0 ? tokens_[start + t + 1] : kNoTarget;
      any |= context.targets[t] != kNoTarget;
    }
    windows += any;
    if (any) transformer_.Evaluate(context, 2, 0, expected);
  }
  EXPECT_EQ(validation.windows(), windows);
  for (const size_t threads : {1u, 3u}) {
    const auto spheres = Spheres::Start({.leaves = threads});
    const auto contexts = PerLeaf<TrainingContext>::Make(
        **spheres, [&](const Leaf&) { return std::make_unique<TrainingContext>(kShape, 1); });
    const auto whole = validation.Run(**spheres, *contexts, transformer_, windows);
    ASSERT_TRUE(whole.ok());
    EXPECT_TRUE(whole->whole);
    EXPECT_EQ(whole->scores.positions, 35u);
    EXPECT_EQ(whole->scores.token, MeanScores::Of(expected).token);
    const auto sample = validation.Run(**spheres, *contexts, transformer_, 3);
    ASSERT_TRUE(sample.ok());
    EXPECT_FALSE(sample->whole);
    EXPECT_GE(sample->scores.positions, 3u) << "each window of a sample has something to score";
    EXPECT_NEAR(sample->bits_per_byte, sample->scores.token / 0.6931471805599453, 1e-9) << "a byte is a token";
  }
}

}  // namespace
}  // namespace cllm
