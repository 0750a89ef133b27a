#include "nn/loss.h"

#include <gtest/gtest.h>

#include <limits>

#include "nn/testing/doubles.h"

namespace cllm {
namespace {

using namespace doubles;

constexpr size_t kEntries = 90, kHead = 12, kPositions = 300;  // more positions than a block
constexpr float kLambda = 0.3f;

struct Scores {
  double token = 0, root = 0, form = 0;
};

class LossOp : public testing::Test {
 protected:
  LossOp() {
    for (size_t v = 0; v < kEntries; ++v) {
      root_.push_back(static_cast<int32_t>(v / 4));
      form_.push_back(static_cast<int32_t>(v % 3));
    }
    for (size_t t = 0; t < kPositions; ++t) targets_.push_back(static_cast<uint32_t>(RandomBits(3, t) % kEntries));
    classes_ = {root_, form_};
  }

  // Scores of position t; p is written.
  Scores Expected(const Doubles& h, const Doubles& embedding, size_t t, Doubles& p) const {
    const auto row = h.begin() + static_cast<ptrdiff_t>(t * kHead);
    p = Linear({row, row + kHead}, embedding, 1, kHead, kEntries);
    double sum = 0, root = 0, form = 0;
    for (double& value : p) sum += value = std::exp(value);
    for (double& value : p) value /= sum;
    for (size_t v = 0; v < kEntries; ++v) {
      if (root_[v] == root_[targets_[t]]) root += p[v];
      if (form_[v] == form_[targets_[t]]) form += p[v];
    }
    return {-std::log(p[targets_[t]]), -std::log(root), -std::log(form)};
  }
  double ExpectedTotal(const Doubles& h, const Doubles& embedding, Scores* sums = nullptr) const {
    Scores all;
    Doubles p;
    for (size_t t = 0; t < kPositions; ++t) {
      const Scores scores = Expected(h, embedding, t, p);
      all.token += scores.token;
      all.root += scores.root;
      all.form += scores.form;
    }
    if (sums != nullptr) *sums = all;
    return all.token + static_cast<double>(kLambda) * (all.root + all.form);
  }
  void ExpectSums(const LossSums& found) const {
    Scores expected;
    ExpectedTotal(ToDouble(h_), ToDouble(embedding_), &expected);
    EXPECT_EQ(found.positions, kPositions);
    EXPECT_TRUE(found.finite);
    EXPECT_NEAR(LossSums::Nats(found.token), expected.token, 1e-6 * expected.token);
    EXPECT_NEAR(LossSums::Nats(found.root), expected.root, 1e-6 * expected.token);
    EXPECT_NEAR(LossSums::Nats(found.form), expected.form, 1e-6 * expected.token);
  }

  std::vector<int32_t> root_, form_;
  std::vector<uint32_t> targets_;
  LossClasses classes_;  // views of root_ and form_
  const std::vector<float> h_ = RandomFloats(1, kPositions* kHead);
  const std::vector<float> embedding_ = RandomFloats(2, kEntries* kHead);
  const Packed columns_ = Packed::Columns(embedding_, kEntries, kHead);
  const Packed rows_ = Packed::Rows(embedding_, kEntries, kHead);
  AlignedBuffer<float> scratch_{LossBackwardScratch(kEntries, kHead, kPositions)};
};

TEST_F(LossOp, Forward_ScoresAgreeWithTheDoubleForm) {
  LossSums sums;
  LossForward({h_.data(), kHead, targets_, classes_}, columns_.panels(), scratch_.data(), sums);
  ExpectSums(sums);
}

// One position at a time gives the same bits as blocks.
TEST_F(LossOp, Forward_BlocksChangeNoBit) {
  LossSums whole, single;
  LossForward({h_.data(), kHead, targets_, classes_}, columns_.panels(), scratch_.data(), whole);
  for (size_t t = 0; t < kPositions; ++t) {
    LossForward({&h_[t * kHead], kHead, {&targets_[t], 1}, classes_}, columns_.panels(), scratch_.data(), single);
  }
  EXPECT_EQ(whole.token, single.token);
  EXPECT_EQ(whole.root, single.root);
  EXPECT_EQ(whole.form, single.form);
}

TEST_F(LossOp, ForwardBackward_GradientsAreTheSlopesOfTheDoubleForm) {
  Gathered gathered({{.rows = kEntries, .columns = kHead, .tile_rows = 20, .tile_columns = kHead}},
                    kEntries * kHead);
  std::vector<float> d_h(kPositions * kHead, 9.0f);
  LossSums sums;
  LossForwardBackward(
      {h_.data(), kHead, targets_, classes_},
      {.columns = columns_.panels(), .rows = rows_.panels(), .grid = 0, .lambda = kLambda, .d_h = d_h.data()},
      scratch_.data(), sums, gathered.sink);
  ExpectSums(sums);
  const Doubles h = ToDouble(h_), embedding = ToDouble(embedding_);
  // The slopes by the formula's derivative in double, checked against finite differences below.
  Doubles d_h_expected(h.size()), d_e_expected(embedding.size()), p;
  for (size_t t = 0; t < kPositions; ++t) {
    const Scores scores = Expected(h, embedding, t, p);
    const double lambda = static_cast<double>(kLambda), a = std::exp(-scores.root), b = std::exp(-scores.form);
    for (size_t v = 0; v < kEntries; ++v) {
      const double d = (1 + 2 * lambda) * p[v] - (v == targets_[t]) -
                       lambda * p[v] * ((root_[v] == root_[targets_[t]]) / a + (form_[v] == form_[targets_[t]]) / b);
      for (size_t c = 0; c < kHead; ++c) {
        d_h_expected[t * kHead + c] += d * embedding[v * kHead + c];
        d_e_expected[v * kHead + c] += d * h[t * kHead + c];
      }
    }
  }
  EXPECT_LT(WorstError(d_h, d_h_expected), 5e-6);
  EXPECT_LT(WorstError(gathered.Values(), d_e_expected), 1e-5);
  const Doubles direction = ToDouble(RandomFloats(8, embedding.size()));
  const auto along = [&](const Doubles& step) {
    Doubles moved = embedding;
    for (size_t i = 0; i < moved.size(); ++i) moved[i] += step[0] * direction[i];
    return ExpectedTotal(h, moved);
  };
  EXPECT_NEAR(Dot(d_e_expected, direction), Slopes(along, {0.0})[0], 1e-7 * Norm(d_e_expected));
}

TEST_F(LossOp, NoNumber_IsReported) {
  std::vector<float> h = h_;
  h[100 * kHead] = std::numeric_limits<float>::quiet_NaN();
  LossSums sums;
  LossForward({h.data(), kHead, targets_, classes_}, columns_.panels(), scratch_.data(), sums);
  EXPECT_FALSE(sums.finite);
}

TEST_F(LossOp, ScoreAboveAThousandNats_IsReported) {
  std::vector<float> h = h_;
  for (size_t c = 0; c < kHead; ++c) h[c] *= 4000;
  LossSums sums;
  LossForward({h.data(), kHead, targets_, classes_}, columns_.panels(), scratch_.data(), sums);
  EXPECT_FALSE(sums.finite);
}

TEST(LossBlock, IsAtMost256PositionsWithinFourMebibytes) {
  EXPECT_EQ(LossBlock(259, 10), 10u);
  EXPECT_EQ(LossBlock(259, 1000), 256u);
  EXPECT_EQ(LossBlock(4096, 1000), 256u);
  EXPECT_EQ(LossBlock(4097, 1000), 255u);
  EXPECT_EQ(LossBlock(65536, 1000), 16u);
  EXPECT_EQ(LossBlock(1 << 20, 1000), 1u);
  EXPECT_EQ(LossBlock(1 << 21, 1000), 1u);
}

TEST(LossSums, Add_SumsAllAndKeepsWhatIsWrong) {
  LossSums sum{.token = 1, .root = 2, .form = 3, .positions = 4};
  sum.Add({.token = 10, .root = 20, .form = 30, .positions = 40, .finite = false});
  sum.Add({.token = 100});
  EXPECT_EQ(sum.token, 111);
  EXPECT_EQ(sum.root, 22);
  EXPECT_EQ(sum.form, 33);
  EXPECT_EQ(sum.positions, 44u);
  EXPECT_FALSE(sum.finite);
  EXPECT_EQ(LossSums::Nats(int64_t{3} << 31), 1.5);
}

// A model that is sure of another token than the one that comes, at every position of a text of any length: about 1,000
// nats a token. The sums of a thousand positions, doubled as often as it takes, are those of gigabytes and terabytes.
TEST(LossSums, OverTextsOfAnyLength_TheMeanStays) {
  constexpr size_t kTerms = 1000;
  const std::vector<float> h(kTerms, 1.0f), head = {500.0f, -500.0f};
  const std::vector<int32_t> classes = {0, 1};
  const LossClasses loss_classes{classes, classes};
  const std::vector<uint32_t> targets(kTerms, 1);
  const Packed packed = Packed::Columns(head, 2, 1);
  AlignedBuffer<float> scratch(LossScratch(2, kTerms));
  LossSums sums;
  LossForward({h.data(), 1, targets, loss_classes}, packed.panels(), scratch.data(), sums);
  ASSERT_TRUE(sums.finite);
  for (uint64_t positions = kTerms; positions < uint64_t{1} << 50; positions *= 2) {
    ASSERT_EQ(sums.positions, positions);
    for (const Int128 sum : {sums.token, sums.root, sums.form}) {
      ASSERT_EQ(LossSums::Nats(sum) / static_cast<double>(positions), 1000.0) << positions << " tokens";
    }
    sums.Add(LossSums(sums));
  }
}

// Below zero, too: a score may be rounded to a little less than nothing.
TEST(LossSums, Nats_OfAnySize_AreRoundedOnce) {
  for (const int bits : {0, 31, 62, 63, 64, 90, 120}) {
    const Int128 sum = Int128{1} << bits;
    EXPECT_EQ(LossSums::Nats(sum), std::ldexp(1.0, bits - 32)) << bits;
    EXPECT_EQ(LossSums::Nats(-sum), -std::ldexp(1.0, bits - 32)) << bits;
  }
  EXPECT_EQ(LossSums::Nats((Int128{1} << 100) + 1), 0x1p68);
}

// Positions that are context have no score and no gradient, alone, side by side and as a whole block.
TEST_F(LossOp, MaskedPositions_AreAsIfTheyWereNotThere) {
  std::vector<uint32_t> masked = targets_, kept_targets;
  std::vector<float> kept_h;
  for (size_t t = 0; t < kPositions; ++t) {
    if (t % 3 == 0 || (t > 20 && t < 290)) {
      masked[t] = kNoTarget;
    } else {
      kept_targets.push_back(masked[t]);
      kept_h.insert(kept_h.end(), &h_[t * kHead], &h_[t * kHead] + kHead);
    }
  }
  const auto run = [&](const std::vector<float>& h, const std::vector<uint32_t>& targets, LossSums& sums,
                       std::vector<float>& d_h) {
    Gathered gathered({{.rows = kEntries, .columns = kHead, .tile_rows = 20, .tile_columns = kHead}},
                      kEntries * kHead);
    d_h.assign(h.size(), 9.0f);
    LossForwardBackward(
        {h.data(), kHead, targets, classes_},
        {.columns = columns_.panels(), .rows = rows_.panels(), .grid = 0, .lambda = kLambda, .d_h = d_h.data()},
        scratch_.data(), sums, gathered.sink);
    return gathered.Values();
  };
  LossSums masked_sums, kept_sums, forward_sums;
  std::vector<float> masked_d_h, kept_d_h;
  const auto masked_gradient = run(h_, masked, masked_sums, masked_d_h);
  const auto kept_gradient = run(kept_h, kept_targets, kept_sums, kept_d_h);
  LossForward({h_.data(), kHead, masked, classes_}, columns_.panels(), scratch_.data(), forward_sums);
  for (const LossSums& sums : {masked_sums, forward_sums}) {
    EXPECT_EQ(sums.positions, kept_targets.size());
    EXPECT_EQ(sums.token, kept_sums.token);
    EXPECT_EQ(sums.root, kept_sums.root);
    EXPECT_EQ(sums.form, kept_sums.form);
  }
  for (size_t t = 0, kept = 0; t < kPositions; ++t) {
    for (size_t c = 0; c < kHead; ++c) {
      ASSERT_EQ(masked_d_h[t * kHead + c], masked[t] == kNoTarget ? 0.0f : kept_d_h[kept * kHead + c]) << t;
    }
    kept += masked[t] != kNoTarget;
  }
  ASSERT_EQ(masked_gradient.size(), kept_gradient.size());
  const Doubles expected(kept_gradient.begin(), kept_gradient.end());
  EXPECT_LT(WorstError(masked_gradient, expected), 1e-6);
}

}  // namespace
}  // namespace cllm
