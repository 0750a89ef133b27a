#include "nn/attention.h"

#include <gtest/gtest.h>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using namespace doubles;

struct Shape {
  size_t length, heads, head_dim, kv_heads = heads;
  size_t width() const { return heads * head_dim; }
  size_t kv_width() const { return kv_heads * head_dim; }
  size_t stride() const { return width() + 2 * kv_width(); }
  AttentionShape of(size_t queries, size_t first) const {
    return {.queries = queries, .first_position = first, .heads = heads, .head_dim = head_dim, .kv_heads = kv_heads};
  }
};

// qkv [T, (H + 2 K) D] -> out [T, H D]; log_sum_exp [H, T] if not null.
Doubles Attention(const Shape& s, const Doubles& qkv, Doubles* log_sum_exp = nullptr) {
  const size_t stride = s.stride();
  Doubles out(s.length * s.width());
  for (size_t head = 0; head < s.heads; ++head) {
    for (size_t t = 0; t < s.length; ++t) {
      const size_t column = head * s.head_dim, kv = head * s.kv_heads / s.heads * s.head_dim;
      Doubles weights(t + 1);
      double sum = 0;
      for (size_t u = 0; u <= t; ++u) {
        double score = 0;
        for (size_t d = 0; d < s.head_dim; ++d) {
          score += qkv[t * stride + column + d] * qkv[u * stride + s.width() + kv + d];
        }
        weights[u] = std::exp(score / std::sqrt(static_cast<double>(s.head_dim)));
        sum += weights[u];
      }
      if (log_sum_exp != nullptr) log_sum_exp->push_back(std::log(sum));
      for (size_t u = 0; u <= t; ++u) {
        for (size_t d = 0; d < s.head_dim; ++d) {
          out[t * s.width() + column + d] += weights[u] / sum * qkv[u * stride + s.width() + s.kv_width() + kv + d];
        }
      }
    }
  }
  return out;
}

class AttentionOp : public testing::TestWithParam<Shape> {
 protected:
  const Shape shape_ = GetParam();
  const size_t width_ = shape_.width(), stride_ = shape_.stride(), values_ = width_ + shape_.kv_width();
  std::vector<float> qkv_ = RandomFloats(1, shape_.length* stride_, 2);
  std::vector<float> log_sum_exp_ = std::vector<float>(shape_.length * shape_.heads);

  AttentionInputs Inputs(size_t first_query = 0) const {
    return {&qkv_[first_query * stride_], stride_, &qkv_[width_], stride_, &qkv_[values_], stride_};
  }
  std::vector<float> Forward() {
    std::vector<float> out(shape_.length * width_);
    AlignedBuffer<float> scratch(AttentionForwardScratch(shape_.length, shape_.head_dim));
    AttentionForward(shape_.of(shape_.length, 0), Inputs(), {out.data(), width_, log_sum_exp_.data()}, scratch.data());
    return out;
  }
};

TEST_P(AttentionOp, Forward_AgreesWithTheDoubleForm) {
  Doubles log_sum_exp;
  const Doubles expected = Attention(shape_, ToDouble(qkv_), &log_sum_exp);
  EXPECT_LT(WorstError(Forward(), expected), 5e-6);
  for (size_t i = 0; i < log_sum_exp.size(); ++i) EXPECT_NEAR(log_sum_exp_[i], log_sum_exp[i], 4e-6) << i;
}

// One query at a time against cached keys and values, and pieces of several: bit for bit the whole computation.
TEST_P(AttentionOp, CachedRows_EqualTheWholeBitForBit) {
  const std::vector<float> whole = Forward();
  for (const size_t piece : {size_t{1}, size_t{5}, size_t{49}}) {
    std::vector<float> out(whole.size());
    AlignedBuffer<float> scratch(AttentionForwardScratch(shape_.length, shape_.head_dim));
    for (size_t first = 0; first < shape_.length; first += piece) {
      const size_t queries = std::min(piece, shape_.length - first);
      AttentionForward(shape_.of(queries, first), Inputs(first), {&out[first * width_], width_, nullptr},
                       scratch.data());
    }
    EXPECT_EQ(out, whole) << "pieces of " << piece;
  }
}

TEST_P(AttentionOp, LaterKeysAndValues_DoNotChangeEarlierRows) {
  const std::vector<float> before = Forward();
  for (size_t c = 0; c < stride_; ++c) qkv_[(shape_.length - 1) * stride_ + c] += 1;
  const std::vector<float> after = Forward();
  const auto last = static_cast<ptrdiff_t>((shape_.length - 1) * width_);
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + last, after.begin()));
  EXPECT_FALSE(std::equal(before.begin() + last, before.end(), after.begin() + last));
}

// In place, against the slopes of sum(out * d_out).
TEST_P(AttentionOp, Backward_IsTheSlopeOfTheDoubleForm) {
  const std::vector<float> d_out = RandomFloats(2, shape_.length * width_);
  const Doubles weights = ToDouble(d_out);
  const Doubles point = ToDouble(qkv_);
  const std::vector<float> out = Forward();
  AlignedBuffer<float> scratch(AttentionBackwardScratch(shape_.length, shape_.head_dim));
  AttentionBackward(shape_.of(shape_.length, 0), {&qkv_[0], &qkv_[width_], &qkv_[values_], stride_},
                    {out.data(), d_out.data(), width_, log_sum_exp_.data()}, scratch.data());
  const auto f = [&](const Doubles& qkv) { return Dot(Attention(shape_, qkv), weights); };
  if (qkv_.size() <= 400) {
    EXPECT_LT(WorstError(qkv_, Slopes(f, point)), 1e-5);
    return;
  }
  // Larger shapes: along a few directions.
  for (uint64_t key = 0; key < 4; ++key) {
    const Doubles direction = ToDouble(RandomFloats(50 + key, qkv_.size()));
    const auto along = [&](const Doubles& step) {
      Doubles moved = point;
      for (size_t i = 0; i < moved.size(); ++i) moved[i] += step[0] * direction[i];
      return f(moved);
    };
    const Doubles found = ToDouble(qkv_);
    EXPECT_NEAR(Dot(found, direction), Slopes(along, {0.0}, 1e-4)[0], 1e-5 * Norm(found)) << key;
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, AttentionOp,
                         testing::Values(Shape{1, 1, 2}, Shape{5, 3, 6}, Shape{6, 1, 20}, Shape{50, 2, 16},
                                         Shape{97, 1, 10}, Shape{5, 4, 6, 2}, Shape{51, 3, 8, 1}),
                         [](const auto& shape) {
                           return std::to_string(shape.param.length) + "x" + std::to_string(shape.param.heads) + "x" +
                                  std::to_string(shape.param.head_dim) + "kv" + std::to_string(shape.param.kv_heads);
                         });

}  // namespace
}  // namespace cllm
