#include "model/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using testing::HasSubstr;

constexpr ModelConfig kConfig{.layers = 2, .heads = 2, .width = 20, .hidden = 28, .context = 8, .vocabulary = 50};

std::string Message(const ModelConfig& config) {
  const Status status = Validate(config);
  EXPECT_EQ(status.code(), Code::kUsage) << status.message();
  return status.message();
}

ModelConfig With(size_t ModelConfig::*member, size_t value) {
  ModelConfig config = kConfig;
  config.*member = value;
  return config;
}

TEST(Validate, GoodShapes_AreAccepted) {
  EXPECT_TRUE(Validate(kConfig).ok());
  EXPECT_TRUE(Validate(ModelConfig()).ok());
  EXPECT_TRUE(Validate({.layers = 1, .heads = 1, .width = 2, .hidden = 1, .context = 1, .vocabulary = 4}).ok());
}

TEST(Validate, NumbersOutOfRange_AreNamedWithTheValueAndTheRange) {
  EXPECT_EQ(Message(With(&ModelConfig::layers, 0)), "--layers is 0, expected 1 to 256");
  EXPECT_EQ(Message(With(&ModelConfig::heads, 257)), "--heads is 257, expected 1 to 256");
  EXPECT_EQ(Message(With(&ModelConfig::width, 0)), "--width is 0, expected 2 to 8192");
  EXPECT_EQ(Message(With(&ModelConfig::width, 8194)), "--width is 8194, expected 2 to 8192");
  EXPECT_EQ(Message(With(&ModelConfig::hidden, 0)), "--hidden is 0, expected 1 to 32768");
  EXPECT_EQ(Message(With(&ModelConfig::context, 0)), "--context is 0, expected 1 to 65536");
  EXPECT_EQ(Message(With(&ModelConfig::vocabulary, 3)), "--vocabulary is 3, expected 4 to 1048576");
}

TEST(Validate, HeadsThatDoNotDivideTheWidth_AreNamed) {
  EXPECT_THAT(Message(With(&ModelConfig::heads, 3)), HasSubstr("--heads 3 does not divide --width 20"));
}

TEST(Validate, OddHeadSize_IsNamed) {
  EXPECT_THAT(Message(With(&ModelConfig::heads, 4)), HasSubstr("a head size of 5, expected an even one"));
}

TEST(ParameterLayout, TensorsLieOneAfterTheOther_OnLinesOfTheCache) {
  const ParameterLayout layout(kConfig);
  size_t end = 0, parameters = 0;
  for (const TensorInfo& info : layout.tensors()) {
    EXPECT_EQ(info.offset % 16, 0u) << info.name;
    EXPECT_GE(info.offset, end) << info.name;
    EXPECT_LT(info.offset, end + 16) << info.name;
    end = info.offset + info.size();
    parameters += info.size();
  }
  EXPECT_GE(layout.size(), end);
  EXPECT_EQ(layout.size() % 16, 0u);
  EXPECT_EQ(layout.parameters(), parameters);
  // 50 * 20 + 2 (4 * 20^2 + 3 * 20 * 28 + 2 * 20) + 20
  EXPECT_EQ(parameters, 7660u);
}

TEST(ParameterLayout, AccessorsNameTheirTensors) {
  const ParameterLayout layout(kConfig);
  EXPECT_EQ(layout.embedding().name, "embedding");
  EXPECT_EQ(layout.attention_norm(1).name, "layers.1.attention_norm");
  EXPECT_EQ(layout.query_key_value(1).name, "layers.1.query_key_value");
  EXPECT_EQ(layout.attention_output(1).name, "layers.1.attention_output");
  EXPECT_EQ(layout.ffn_norm(1).name, "layers.1.ffn_norm");
  EXPECT_EQ(layout.gate_up(1).name, "layers.1.gate_up");
  EXPECT_EQ(layout.down(1).name, "layers.1.down");
  EXPECT_EQ(layout.final_norm().name, "final_norm");
  EXPECT_EQ(layout.query_key_value(0).rows, 60u);
  EXPECT_EQ(layout.gate_up(0).rows, 56u);
  EXPECT_EQ(layout.down(0).columns, 28u);
}

TEST(FlopPerToken, ConfigurationB_IsTheFormulaOfTheDesign) {
  const ModelConfig b{.layers = 6, .heads = 6, .width = 384, .hidden = 1024, .context = 256, .vocabulary = 256};
  EXPECT_DOUBLE_EQ(FlopPerToken(b),
                   6.0 * (6 * (4.0 * 384 * 384 + 3.0 * 384 * 1024) + 256.0 * 384) + 12.0 * 6 * 256 * 384);
}

}  // namespace
}  // namespace cllm
