#include "run/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "model/context.h"
#include "model/transformer.h"
#include "run/testing/small_runs.h"
#include "run/text_preparation.h"
#include "spheres/per_leaf.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

class EvaluateTextTest : public SmallRuns {
 protected:
  static Weights MakeWeights() {
    Parameters parameters({.layers = 1, .heads = 2, .width = 8, .hidden = 16, .context = 8});
    InitializeParameters(5, parameters);
    return Weights(std::move(parameters), Storage::kF32);
  }
  const Weights weights_ = MakeWeights();
  const Tokenizer tokenizer_ = Tokenizer::Bytes();
};

// What Validation makes of the same tokens.
TEST_F(EvaluateTextTest, EqualsValidation) {
  const std::string text = Text();
  const auto corpus = PrepareForEvaluation({.paths = {text}}, tokenizer_, 1, notes_);
  ASSERT_TRUE(corpus.ok()) << corpus.status().message();
  const uint64_t bytes = corpus->part(CorpusPart::kValidation).bytes;
  const auto spheres = Spheres::Start({.leaves = 1});
  const auto contexts = PerLeaf<TrainingContext>::Make(
      **spheres, [&](const Leaf&) { return std::make_unique<TrainingContext>(weights_.shape(), 1); });
  const TokenLattice& lattice = tokenizer_.lattice();
  const Transformer transformer(weights_, {lattice.root_class(), lattice.form_class()});
  const Validation validation(EvaluatedText::Of(*corpus), tokenizer_, 8, 4);
  const auto expected = validation.Run(**spheres, *contexts, transformer, validation.windows());
  ASSERT_TRUE(expected.ok());

  for (const size_t threads : {1u, 3u}) {
    const auto found = EvaluateText(weights_, tokenizer_, {.paths = {text}}, {.stride = 4, .threads = threads}, notes_);
    ASSERT_TRUE(found.ok()) << found.status().message();
    EXPECT_EQ(found->result.scores.token, expected->scores.token);
    EXPECT_EQ(found->result.scores.root, expected->scores.root);
    EXPECT_EQ(found->result.scores.form, expected->scores.form);
    EXPECT_EQ(found->result.bits_per_byte, expected->bits_per_byte);
    EXPECT_TRUE(found->result.whole);
    EXPECT_EQ(found->bytes, bytes);
  }
}

TEST_F(EvaluateTextTest, StrideBeyondTheContext_IsRefused) {
  const Status status = EvaluateText(weights_, tokenizer_, {.paths = {Text()}}, {.stride = 9}, notes_).status();
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr("`stride` is 9, expected at most the model's context of 8"));
}

TEST_F(EvaluateTextTest, WhatIsOddInTheText_IsToldOnce) {
  const std::string path = root_.Write("odd.txt", "A text with a byte \xFF that is odd, and some more of it.");
  ASSERT_TRUE(EvaluateText(weights_, tokenizer_, {.paths = {path}}, {}, notes_).ok());
  EXPECT_THAT(notes_.sentences, ::testing::ElementsAre(HasSubstr("UTF-8")));
}

}  // namespace
}  // namespace cllm
