#include "model/layout.h"

#include <gtest/gtest.h>

#include <numeric>

namespace cllm {
namespace {

constexpr ModelShape kShape{.layers = 2, .heads = 2, .width = 20, .hidden = 28, .context = 8, .vocabulary = 50};
constexpr ModelShape kGrouped{.layers = 2, .heads = 4, .width = 20, .hidden = 28, .context = 8, .vocabulary = 50,
                              .kv_heads = 2, .head_dim = 6, .untied = true};

class Layouts : public testing::TestWithParam<ModelShape> {
 protected:
  const ParameterLayout layout_{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Shapes, Layouts, testing::Values(kShape, kGrouped));

TEST_P(Layouts, TensorsLieOneAfterTheOther_OnLinesOfTheCache) {
  size_t end = 0, parameters = 0;
  for (size_t i = 0; i < layout_.tensors().size(); ++i) {
    const TensorInfo& info = layout_.tensors()[i];
    EXPECT_EQ(info.index, i);
    EXPECT_EQ(info.offset % 16, 0u) << info.name;
    EXPECT_GE(info.offset, end) << info.name;
    EXPECT_LT(info.offset, end + 16) << info.name;
    end = info.offset + info.size();
    parameters += info.size();
  }
  EXPECT_GE(layout_.size(), end);
  EXPECT_EQ(layout_.size() % 16, 0u);
  EXPECT_EQ(layout_.parameters(), parameters);
}

TEST_P(Layouts, PartsAreAllRows) {
  for (const TensorInfo& info : layout_.tensors()) {
    EXPECT_EQ(std::accumulate(info.parts.begin(), info.parts.end(), size_t{0}), info.rows) << info.name;
  }
}

// A tensor's grids cover each of its elements once, and name it.
TEST_P(Layouts, GridsCoverTheirTensors) {
  std::vector<size_t> covered(layout_.tensors().size());
  for (size_t i = 0; i < layout_.grids().size(); ++i) {
    const TileGrid& grid = layout_.grids()[i];
    const TensorInfo& info = layout_.TensorOfGrid(i);
    EXPECT_EQ(grid.offset, info.offset + covered[info.index]) << info.name;
    EXPECT_GE(i, info.grid);
    covered[info.index] += grid.rows * grid.columns;
  }
  for (const TensorInfo& info : layout_.tensors()) {
    EXPECT_EQ(covered[info.index], info.size()) << info.name;
    EXPECT_EQ(&layout_.TensorOfGrid(info.grid), &info);
  }
}

TEST(ParameterLayout, AccessorsNameTheirTensors) {
  const ParameterLayout layout(kShape);
  EXPECT_EQ(layout.parameters(), 7660u);  // 50 * 20 + 2 (4 * 20^2 + 3 * 20 * 28 + 2 * 20) + 20
  EXPECT_EQ(layout.embedding().name, "embedding");
  EXPECT_EQ(layout.attention_norm(1).name, "layers.1.attention_norm");
  EXPECT_EQ(layout.query_key_value(1).name, "layers.1.query_key_value");
  EXPECT_EQ(layout.attention_output(1).name, "layers.1.attention_output");
  EXPECT_EQ(layout.ffn_norm(1).name, "layers.1.ffn_norm");
  EXPECT_EQ(layout.gate_up(1).name, "layers.1.gate_up");
  EXPECT_EQ(layout.down(1).name, "layers.1.down");
  EXPECT_EQ(layout.final_norm().name, "final_norm");
  EXPECT_EQ(&layout.head(), &layout.embedding());
  EXPECT_EQ(layout.query_key_value(0).rows, 60u);
  EXPECT_EQ(layout.gate_up(0).rows, 56u);
  EXPECT_EQ(layout.down(0).columns, 28u);
}

TEST(ParameterLayout, GroupedHeadsAndAnUntiedHead_HaveTheirOwnShapes) {
  const ParameterLayout layout(kGrouped);
  const TensorInfo& qkv = layout.query_key_value(0);
  EXPECT_EQ(qkv.rows, 48u);
  EXPECT_EQ(qkv.parts, (std::vector<size_t>{24, 12, 12}));
  EXPECT_EQ(layout.attention_output(0).columns, 24u);
  EXPECT_EQ(layout.head().name, "head");
  EXPECT_EQ(layout.head().index + 1, layout.tensors().size());
  EXPECT_EQ(layout.head().rows, 50u);
}

}  // namespace
}  // namespace cllm
