#include "nn/linear.h"

#include <gtest/gtest.h>

#include <limits>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using namespace doubles;

struct Product {
  size_t rows, inputs, outputs;
};

class LinearOp : public testing::TestWithParam<Product> {
 protected:
  const size_t rows_ = GetParam().rows, inputs_ = GetParam().inputs, outputs_ = GetParam().outputs;
  const std::vector<float> x_ = RandomFloats(1, rows_*inputs_), weight_ = RandomFloats(2, outputs_*inputs_);
  const std::vector<float> d_y_ = RandomFloats(3, rows_* outputs_);
  // Chains of k fused multiply-adds of numbers of at most 1: k roundings of at most sqrt(k) / 2^24 on the way.
  double Tolerance(size_t k) const { return 0x1p-22 * static_cast<double>(k); }
};

TEST_P(LinearOp, Forward_IsXTimesTheTransposedWeight) {
  std::vector<float> y(rows_ * outputs_);
  LinearForward(x_.data(), inputs_, rows_, Packed::Columns(weight_, outputs_, inputs_).panels(), y.data(), outputs_);
  EXPECT_LT(WorstError(y, Linear(ToDouble(x_), ToDouble(weight_), rows_, inputs_, outputs_)), Tolerance(inputs_));
}

TEST_P(LinearOp, Backward_OverwritesOrAddsDyTimesTheWeight) {
  const Packed packed = Packed::Rows(weight_, outputs_, inputs_);
  Doubles expected(rows_ * inputs_);
  for (size_t t = 0; t < rows_; ++t) {
    for (size_t o = 0; o < outputs_; ++o) {
      for (size_t i = 0; i < inputs_; ++i) {
        expected[t * inputs_ + i] += static_cast<double>(d_y_[t * outputs_ + o]) * weight_[o * inputs_ + i];
      }
    }
  }
  std::vector<float> d_x(rows_ * inputs_, 5.0f);
  LinearBackward(d_y_.data(), outputs_, rows_, packed.panels(), d_x.data(), inputs_, GemmInto::kOverwrite);
  EXPECT_LT(WorstError(d_x, expected), Tolerance(outputs_));
  LinearBackward(d_y_.data(), outputs_, rows_, packed.panels(), d_x.data(), inputs_, GemmInto::kAdd);
  for (double& value : expected) value *= 2;
  EXPECT_LT(WorstError(d_x, expected), Tolerance(outputs_));
}

TEST_P(LinearOp, WeightGradient_IsTheTransposedDyTimesX_InAnyTiles) {
  Doubles expected(outputs_ * inputs_);
  for (size_t t = 0; t < rows_; ++t) {
    for (size_t o = 0; o < outputs_; ++o) {
      for (size_t i = 0; i < inputs_; ++i) {
        expected[o * inputs_ + i] += static_cast<double>(d_y_[t * outputs_ + o]) * x_[t * inputs_ + i];
      }
    }
  }
  const TileGrid rows{.rows = outputs_, .columns = inputs_, .tile_rows = 3, .tile_columns = inputs_};
  const TileGrid tiles{.rows = outputs_, .columns = inputs_, .tile_rows = 4, .tile_columns = 32};
  std::vector<float> by_rows;
  for (const TileGrid& grid : {rows, tiles}) {
    Gathered gathered({grid}, outputs_ * inputs_);
    LinearWeightGradient(d_y_.data(), outputs_, Packed::Rows(x_, rows_, inputs_).panels(), 0, {0, outputs_, 0, inputs_},
                         gathered.sink);
    EXPECT_TRUE(gathered.sink.in_range);
    EXPECT_LT(WorstError(gathered.Values(), expected), Tolerance(rows_) + 0x1p-22);
    if (by_rows.empty()) by_rows = gathered.Values();
    EXPECT_EQ(gathered.Values(), by_rows);  // the cut into tiles changes no bit
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, LinearOp,
                         testing::Values(Product{1, 8, 8}, Product{7, 24, 50}, Product{65, 33, 17}, Product{3, 200, 5}),
                         [](const auto& shape) {
                           return std::to_string(shape.param.rows) + "x" + std::to_string(shape.param.inputs) + "x" +
                                  std::to_string(shape.param.outputs);
                         });

// A block of a wider matrix: d_y points at the block's first column, x are the block's panels.
TEST(LinearWeightGradient, Region_IsThatPartOfTheWholeGradient) {
  const size_t rows = 5, inputs = 48, outputs = 12;
  const std::vector<float> x = RandomFloats(1, rows * inputs), d_y = RandomFloats(2, rows * outputs);
  const TileGrid grid{.rows = outputs, .columns = inputs, .tile_rows = 4, .tile_columns = 32};
  Gathered whole({grid}, outputs * inputs), part({grid}, outputs * inputs);
  const Packed packed = Packed::Rows(x, rows, inputs);
  LinearWeightGradient(d_y.data(), outputs, packed.panels(), 0, {0, outputs, 0, inputs}, whole.sink);
  LinearWeightGradient(d_y.data() + 4, outputs, packed.panels().SliceColumns(32, 48), 0, {4, 12, 32, 48}, part.sink);
  for (size_t r = 0; r < outputs; ++r) {
    for (size_t c = 0; c < inputs; ++c) {
      EXPECT_EQ(part.Values()[r * inputs + c], r >= 4 && c >= 32 ? whole.Values()[r * inputs + c] : 0) << r << ' ' << c;
    }
  }
}

TEST(GradientSink, FirstBadGrid_IsNamedAndLaterGradientsAreLeftOut) {
  Gathered gathered({{.rows = 1, .columns = 4, .tile_rows = 1, .tile_columns = 4},
                     {.offset = 16, .rows = 1, .columns = 4, .tile_rows = 1, .tile_columns = 4}},
                    32);
  const std::vector<float> good(4, 1.0f), bad(4, std::numeric_limits<float>::quiet_NaN());
  VectorGradient(good.data(), 0, gathered.sink);
  EXPECT_TRUE(gathered.sink.in_range);
  VectorGradient(bad.data(), 1, gathered.sink);
  EXPECT_FALSE(gathered.sink.in_range);
  EXPECT_EQ(gathered.sink.bad_grid, 1u);
  VectorGradient(good.data(), 0, gathered.sink);
  EXPECT_EQ(gathered.sink.bad_grid, 1u);
  EXPECT_EQ(gathered.Values()[0], 1.0f);
}

}  // namespace
}  // namespace cllm
