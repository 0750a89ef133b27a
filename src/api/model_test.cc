#include "cllm/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <stdexcept>

#include "api/testing/small_trainings.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

using ModelTest = SmallTrainings;

TEST_F(ModelTest, Info_SaysWhatItIs) {
  const ModelInfo info = SmallModel().info();
  EXPECT_EQ(info.tokenizer, "bytes");
  EXPECT_EQ(info.vocabulary, 259u);
  EXPECT_EQ(info.context, 8u);
  EXPECT_EQ(info.layers, 1u);
  EXPECT_EQ(info.heads, 2u);
  EXPECT_EQ(info.width, 8u);
  EXPECT_EQ(info.hidden, 16u);
  EXPECT_GT(info.parameters, 259u * 8u);
  EXPECT_FALSE(info.chat);
  EXPECT_GT(info.step, 0u);
  EXPECT_EQ(info.weights_hash.size(), 32u);
  EXPECT_TRUE(std::filesystem::exists(info.directory + "/model.safetensors"));
}

TEST_F(ModelTest, WhatIsNoModel_IsAnError) {
  const std::string run = Trained(Train(Small("run"))).directory;
  std::filesystem::create_directory(root_ / "empty");
  std::filesystem::create_directory(root_ / "damaged");
  for (const char* name : {"tokenizer.json", "lattice.json"}) {
    std::filesystem::copy(run + "/" + name, root_ / "damaged/" + name);
  }
  root_.Write("damaged/model.safetensors", "no tensors");
  for (const std::string& path : {std::string(), root_ / "nothing", Text(), root_ / "empty", root_ / "damaged",
                                  run + "@999", run + "@soon"}) {
    const Expected<Model> model = Model::Open(path);
    ASSERT_FALSE(model) << path;
    EXPECT_EQ(model.error().kind, ErrorKind::kBadInput) << path;
    EXPECT_THAT(model.error().message, HasSubstr(path.substr(0, path.find('@'))));
  }
  const Expected<Model> model = Model::Open(run, NumberType::kF16);
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().kind, ErrorKind::kBadOption);
  for (const NumberType type : {NumberType::kF32, NumberType::kBf16, NumberType::kQ8_0}) {
    EXPECT_TRUE(Model::Open(run, type));
  }
}

TEST_F(ModelTest, AnyBytes_GoToTokensAndBack) {
  const Model model = SmallModel();
  for (const std::string& text : {std::string("line 5"), std::string(), std::string("\0\xff\xc3 caf\xc3\xa9", 9)}) {
    const std::vector<uint32_t> ids = model.Tokenize(text);
    const Expected<std::string> back = model.Detokenize(ids);
    ASSERT_TRUE(back);
    EXPECT_EQ(*back, text);
  }
  for (const std::vector<uint32_t>& ids : {std::vector<uint32_t>{259}, {5, ~0u}, {300, 5}}) {
    const Expected<std::string> text = model.Detokenize(ids);
    ASSERT_FALSE(text);
    EXPECT_EQ(text.error().kind, ErrorKind::kBadOption);
  }
}

TEST_F(ModelTest, Evaluation_IsTheSameForAFileAndMemory_AndForAnyThreads) {
  const Model model = SmallModel();
  const std::string path = Text();
  const Expected<Evaluation> file = model.Evaluate({.files = {path}}, {.threads = 1});
  const Expected<Evaluation> memory = model.Evaluate({.documents = {ReadText(path)}}, {.threads = 3});
  ASSERT_TRUE(file && memory);
  EXPECT_EQ(file->nats_per_token, memory->nats_per_token);
  EXPECT_EQ(file->bits_per_byte, memory->bits_per_byte);
  EXPECT_EQ(file->bytes, ReadText(path).size());
  EXPECT_NEAR(file->perplexity, std::exp(file->nats_per_token), 1e-9 * file->perplexity);
  EXPECT_GT(file->tokens, 0u);
}

TEST_F(ModelTest, Evaluation_SaysWhatIsWrong) {
  const Model model = SmallModel();
  const auto kind = [&](const api::Text& text, const EvaluationOptions& options) {
    const Expected<Evaluation> evaluation = model.Evaluate(text, options);
    return evaluation ? std::optional<ErrorKind>() : evaluation.error().kind;
  };
  EXPECT_EQ(kind({}, {}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.files = {"-"}}, {}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.documents = {"text"}}, {.stride = 0}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.documents = {"text"}}, {.stride = 9}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.documents = {"text"}}, {.threads = 100'000}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.files = {root_ / "nothing"}}, {}), ErrorKind::kBadInput);
  EXPECT_EQ(kind({.documents = {""}}, {}), ErrorKind::kBadInput);
}

TEST_F(ModelTest, Evaluation_Stops) {
  const Model model = SmallModel();
  for (const char* phase : {"reading", "tokenizing", "evaluating"}) {
    const auto at = StopAt<PhaseShare>([phase](const PhaseShare& share) { return share.name == phase; });
    const Expected<Evaluation> stopped = model.Evaluate({.documents = {ReadText(Text())}}, {}, at);
    ASSERT_FALSE(stopped) << phase;
    EXPECT_EQ(stopped.error().kind, ErrorKind::kStopped) << phase;
  }
  const Watch thrower{.on_event = [](const Event&) -> Next { throw std::runtime_error("no"); }};
  const Expected<Evaluation> thrown = model.Evaluate({.files = {Text()}}, {}, thrower);
  ASSERT_FALSE(thrown);
  EXPECT_EQ(thrown.error().kind, ErrorKind::kCallback);
}

TEST_F(ModelTest, Copies_OutliveTheFirst) {
  auto first = std::make_unique<Model>(SmallModel());
  const Model second = *first;
  Model third = std::move(*first);
  first.reset();
  EXPECT_EQ(second.info().weights_hash, third.info().weights_hash);
  third = second;
  EXPECT_EQ(third.Tokenize("ab").size(), 2u);
}

}  // namespace
}  // namespace cllm
