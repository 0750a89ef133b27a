#include "model/shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace cllm {
namespace {

using testing::HasSubstr;

constexpr ModelShape kSmallShape{.layers = 2, .heads = 2, .width = 20, .hidden = 28, .context = 8, .vocabulary = 50};

std::string Message(const ModelShape& shape) {
  const Status status = Validate(shape);
  EXPECT_FALSE(status.ok());
  return status.message();
}

template <typename Value>
ModelShape With(Value ModelShape::*member, Value value) {
  ModelShape shape = kSmallShape;
  shape.*member = value;
  return shape;
}

const Dimension& Named(std::string_view name) {
  for (const Dimension& dimension : Dimensions()) {
    if (dimension.name == name) return dimension;
  }
  ADD_FAILURE() << name;
  return Dimensions().front();
}

TEST(ModelShape, WhatIsLeftOut_FitsTheRest) {
  EXPECT_EQ(kSmallShape.kv_heads, 2u);
  EXPECT_EQ(kSmallShape.head_dim, 10u);
  EXPECT_FALSE(kSmallShape.untied);
  EXPECT_EQ(kSmallShape.qkv_width(), 60u);
  const ModelShape grouped{.heads = 6, .width = 32, .kv_heads = 2, .head_dim = 24};
  EXPECT_EQ(grouped.query_width(), 144u);
  EXPECT_EQ(grouped.kv_width(), 48u);
  EXPECT_EQ(grouped.qkv_width(), 240u);
}

TEST(Validate, GoodShapes_AreAccepted) {
  EXPECT_TRUE(Validate(kSmallShape).ok());
  EXPECT_TRUE(Validate(ModelShape()).ok());
  EXPECT_TRUE(Validate({.layers = 1, .heads = 1, .width = 2, .hidden = 1, .context = 1, .vocabulary = 4}).ok());
  EXPECT_TRUE(
      Validate({.heads = 6, .width = 32, .kv_heads = 3, .head_dim = 24, .untied = true, .rope_base = 5e5}).ok());
}

TEST(Validate, NumbersOutOfRange_AreNamedWithTheValueAndTheRange) {
  EXPECT_EQ(Message(With(&ModelShape::layers, size_t{0})), "layers is 0, expected a whole number from 1 to 256");
  EXPECT_EQ(Message(With(&ModelShape::heads, size_t{257})), "heads is 257, expected a whole number from 1 to 256");
  EXPECT_EQ(Message(With(&ModelShape::width, size_t{8194})), "width is 8194, expected a whole number from 2 to 8192");
  EXPECT_EQ(Message(With(&ModelShape::hidden, size_t{0})), "hidden is 0, expected a whole number from 1 to 32768");
  EXPECT_EQ(Message(With(&ModelShape::context, size_t{0})), "context is 0, expected a whole number from 1 to 65536");
  EXPECT_EQ(Message(With(&ModelShape::vocabulary, size_t{3})),
            "vocabulary is 3, expected a whole number from 4 to 1048576");
  EXPECT_EQ(Message(With(&ModelShape::kv_heads, size_t{0})), "kv_heads is 0, expected a whole number from 1 to 256");
  EXPECT_EQ(Message(With(&ModelShape::head_dim, size_t{1026})),
            "head_dim is 1026, expected a whole number from 2 to 1024");
  EXPECT_EQ(Message(With(&ModelShape::rope_base, 0.5)), "rope_base is 0.5, expected a number from 1 to 1000000000000");
  EXPECT_EQ(Message(With(&ModelShape::norm_eps, 0.2)), "norm_eps is 0.2, expected a number from 1e-12 to 0.1");
}

TEST(Validate, NotANumber_IsOutOfRange) {
  EXPECT_THAT(Message(With(&ModelShape::norm_eps, std::numeric_limits<double>::quiet_NaN())), HasSubstr("norm_eps is"));
}

TEST(Validate, DimensionsAgainstEachOther_AreNamedWithBothValues) {
  EXPECT_THAT(Message({.heads = 6, .kv_heads = 4, .head_dim = 8}), HasSubstr("kv_heads 4 does not divide heads 6"));
  EXPECT_THAT(Message({.heads = 2, .kv_heads = 4, .head_dim = 8}), HasSubstr("kv_heads 4 does not divide heads 2"));
  EXPECT_THAT(Message({.heads = 4, .width = 20}), HasSubstr("head_dim is 5 with heads 4 and width 20"));
  EXPECT_THAT(Message({.rope_low = 4, .rope_high = 4}), HasSubstr("rope_low is 4 and rope_high 4"));
}

TEST(DefaultHeadDim, IsTheWidthOverTheHeads) {
  EXPECT_EQ(*DefaultHeadDim(4, 20), 5u);
  EXPECT_THAT(DefaultHeadDim(3, 20).status().message(), HasSubstr("heads 3 does not divide width 20"));
  EXPECT_FALSE(DefaultHeadDim(0, 20).ok());
}

TEST(Dimension, TextAndSet_RoundTrip) {
  const ModelShape shape{.heads = 6, .kv_heads = 3, .head_dim = 24, .untied = true, .rope_base = 12345.678901234567,
                         .norm_eps = 1e-6, .rope_factor = 8, .rope_low = 0.5, .rope_high = 7, .rope_original = 100};
  ModelShape read;
  for (const Dimension& dimension : Dimensions()) {
    ASSERT_TRUE(dimension.Set(read, dimension.Text(shape)).ok()) << dimension.name;
  }
  EXPECT_EQ(read, shape);
  EXPECT_EQ(Named("norm_eps").Text(ModelShape()), "1e-05");
}

TEST(Dimension, SetRefusesOtherText_AndLeavesTheShape) {
  ModelShape shape = kSmallShape;
  for (const char* text : {"", "x", "-1", "1.5", "0", "257", "true"}) {
    EXPECT_THAT(Named("heads").Set(shape, text).message(), HasSubstr("expected a whole number from 1 to 256")) << text;
  }
  for (const char* text : {"", "x", "nan", "inf", "0", "true"}) {
    EXPECT_FALSE(Named("rope_base").Set(shape, text).ok()) << text;
  }
  for (const char* text : {"", "1", "yes", "TRUE"}) EXPECT_FALSE(Named("untied").Set(shape, text).ok()) << text;
  EXPECT_EQ(shape, kSmallShape);
}

TEST(FlopPerToken, ConfigurationB_IsTheFormulaOfTheDesign) {
  const ModelShape b{.layers = 6, .heads = 6, .width = 384, .hidden = 1024, .context = 256, .vocabulary = 256};
  EXPECT_DOUBLE_EQ(FlopPerToken(b),
                   6.0 * (6 * (4.0 * 384 * 384 + 3.0 * 384 * 1024) + 256.0 * 384) + 12.0 * 6 * 256 * 384);
}

TEST(MatrixParameters, GroupedHeads_CountTheirOwnWidths) {
  const ModelShape s{
      .layers = 3, .heads = 4, .width = 32, .hidden = 40, .vocabulary = 100, .kv_heads = 2, .head_dim = 24};
  EXPECT_DOUBLE_EQ(MatrixParameters(s), 3 * (32.0 * (96 + 2 * 48) + 32.0 * 96 + 3 * 32.0 * 40) + 32.0 * 100);
}

TEST(ModelShape, IsDescribedInWords) {
  EXPECT_EQ(DescribeShape({.layers = 1, .heads = 1, .width = 32, .hidden = 96, .context = 8}),
            "1 layer, 1 head, width 32, hidden 96, context 8");
  EXPECT_EQ(DescribeShape({.layers = 2, .heads = 4, .width = 32, .hidden = 96, .context = 8, .kv_heads = 2}),
            "2 layers, 4 heads, width 32, hidden 96, context 8, kv_heads 2");
}

}  // namespace
}  // namespace cllm
