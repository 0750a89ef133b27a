#include "nn/feed_forward.h"

#include <gtest/gtest.h>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using namespace doubles;

constexpr size_t kRows = 3, kModel = 16;

// y = (silu(x Wg^T) * (x Wu^T)) Wd^T; gate_up [2F, C] holds Wg, then Wu.
Doubles Forward(const Doubles& x, const Doubles& gate_up, const Doubles& down, size_t hidden) {
  const Doubles z = Linear(x, gate_up, kRows, kModel, 2 * hidden);
  Doubles h(kRows * hidden);
  for (size_t t = 0; t < kRows; ++t) {
    for (size_t f = 0; f < hidden; ++f) {
      const double gate = z[t * 2 * hidden + f];
      h[t * hidden + f] = gate / (1 + std::exp(-gate)) * z[t * 2 * hidden + hidden + f];
    }
  }
  return Linear(h, down, kRows, hidden, kModel);
}

// Hidden widths below, at and above a hidden block of 128, and no multiple of it.
class FeedForwardOp : public testing::TestWithParam<size_t> {
 protected:
  const size_t hidden_ = GetParam();
  const std::vector<float> x_ = RandomFloats(1, kRows*kModel), gate_up_ = RandomFloats(2, 2 * hidden_ * kModel);
  const std::vector<float> down_ = RandomFloats(3, kModel*hidden_), d_y_ = RandomFloats(4, kRows*kModel);
  std::vector<float> kept_ = std::vector<float>(kRows * GateUpStride(hidden_));
  AlignedBuffer<float> scratch_{FeedForwardBackwardScratch(kRows, kModel)};

  std::vector<float> RunForward() {
    const Packed gate_up = Packed::Columns(gate_up_, 2 * hidden_, kModel);
    const Packed down = Packed::Columns(down_, kModel, hidden_);
    std::vector<float> y(kRows * kModel, 9.0f);
    FeedForward({kRows, kModel, hidden_}, {gate_up.panels(), down.panels()},
                {.x = x_.data(), .gate_up = kept_.data(), .y = y.data(), .scratch = scratch_.data()});
    return y;
  }
};

TEST_P(FeedForwardOp, Forward_AgreesWithTheDoubleForm) {
  const Doubles expected = Forward(ToDouble(x_), ToDouble(gate_up_), ToDouble(down_), hidden_);
  EXPECT_LT(WorstError(RunForward(), expected), 5e-6);
}

TEST_P(FeedForwardOp, Backward_IsTheSlopeOfTheDoubleForm) {
  RunForward();
  const size_t half = hidden_ * kModel;
  // Grids as the model has them: gate, up, down.
  Gathered gathered(
      {{.rows = hidden_, .columns = kModel, .tile_rows = kHiddenBlock, .tile_columns = kModel},
       {.offset = half, .rows = hidden_, .columns = kModel, .tile_rows = 32, .tile_columns = kModel},
       {.offset = 2 * half, .rows = kModel, .columns = hidden_, .tile_rows = 8, .tile_columns = kHiddenBlock}},
      3 * half);
  const Packed gate_up = Packed::Rows(gate_up_, 2 * hidden_, kModel), down = Packed::Rows(down_, kModel, hidden_);
  std::vector<float> d_x(kRows * kModel, 9.0f);
  FeedForwardBackward(
      {kRows, kModel, hidden_}, {gate_up.panels(), down.panels()}, {0, 1, 2},
      {.d_y = d_y_.data(), .x = x_.data(), .gate_up = kept_.data(), .d_x = d_x.data(), .scratch = scratch_.data()},
      gathered.sink);
  EXPECT_TRUE(gathered.sink.in_range);

  const Doubles x = ToDouble(x_), wide = ToDouble(gate_up_), narrow = ToDouble(down_), weights = ToDouble(d_y_);
  const auto loss_of_x = [&](const Doubles& at) { return Dot(Forward(at, wide, narrow, hidden_), weights); };
  EXPECT_LT(WorstError(d_x, Slopes(loss_of_x, x)), 1e-5);
  const std::vector<float> found = gathered.Values();
  const auto sampled = [&](const Doubles& weight, size_t offset, const auto& loss) {
    const double scale =
        Norm(ToDouble(std::span(found).subspan(offset, weight.size()))) / std::sqrt(static_cast<double>(weight.size()));
    for (uint64_t sample = 0; sample < 40; ++sample) {
      const size_t i = sample == 0 ? weight.size() - 1 : RandomBits(7, sample) % weight.size();
      const auto along = [&](const Doubles& step) {
        Doubles moved = weight;
        moved[i] += step[0];
        return loss(moved);
      };
      EXPECT_NEAR(found[offset + i], Slopes(along, {0.0})[0], 1e-5 * scale) << "element " << offset + i;
    }
  };
  sampled(wide, 0, [&](const Doubles& at) { return Dot(Forward(x, at, narrow, hidden_), weights); });
  sampled(narrow, 2 * half, [&](const Doubles& at) { return Dot(Forward(x, wide, at, hidden_), weights); });
}

INSTANTIATE_TEST_SUITE_P(Hidden, FeedForwardOp, testing::Values(1, 40, 128, 129, 300),
                         [](const auto& hidden) { return std::to_string(hidden.param); });

}  // namespace
}  // namespace cllm
