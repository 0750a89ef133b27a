#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "kernels/loss_row.h"
#include "kernels/testing/reference_rows.h"
#include "kernels/testing/row_cases.h"
#include "math/scalar.h"

namespace cllm {
namespace {

using namespace row_cases;  // NOLINT: the tests' own vocabulary

constexpr float kLambda = 0.1f;
constexpr float kScale = 0.25f;

// A row of logits with classes; several tokens share the target's.
struct LossCase {
  LossCase(size_t vocabulary, float range, uint64_t key = 0)
      : logits(RandomValues(key + vocabulary, vocabulary, -range, range)), target(vocabulary * 2 / 3) {
    for (size_t v = 0; v < vocabulary; ++v) {
      root.push_back(static_cast<int32_t>(RandomBits(key + 77, v) % (vocabulary / 3 + 1)));
      form.push_back(static_cast<int32_t>(RandomBits(key + 78, v) % 4) - 1);
    }
  }
  size_t vocabulary() const { return logits.size(); }

  std::vector<float> logits;
  std::vector<int32_t> root, form;
  size_t target;
};

struct LossResult {
  LossScores scores;
  std::vector<float> gradient;
};

LossResult RowLoss(const LossCase& in, float lambda = kLambda) {
  LossResult out{{}, in.logits};
  out.scores = LossRow(out.gradient.data(), in.root.data(), in.form.data(), in.vocabulary(), in.target, lambda,
                       kScale);
  return out;
}

struct ExactResult {
  reference::LossScores scores;
  std::vector<double> gradient;
};

ExactResult ExactLoss(const LossCase& in, float lambda = kLambda) {
  ExactResult out{{}, Doubles(in.logits)};
  out.scores = reference::LossRow(out.gradient.data(), in.root.data(), in.form.data(), in.vocabulary(),
                                  in.target, static_cast<double>(lambda), static_cast<double>(kScale));
  return out;
}

// The arguments of exp are off by at most half an ulp of the range; a sum by its longest lane; then a few roundings.
double RelativeError(const LossCase& in) {
  const auto [low, high] = std::minmax_element(in.logits.begin(), in.logits.end());
  return (static_cast<double>(*high - *low) * 2 + static_cast<double>(in.vocabulary()) / 16 + 24) * kFloatEps;
}

// Each of the gradient's terms is at most scale times (1 + 2 lambda), lambda, lambda and 1.
void ExpectSame(const LossResult& actual, const ExactResult& exact, double relative) {
  const double largest = static_cast<double>(kScale) * (2 + 4 * static_cast<double>(kLambda));
  ExpectClose(actual.gradient, exact.gradient, [&](size_t) { return relative * largest; }, "gradient");
  EXPECT_NEAR(actual.scores.token, exact.scores.token, relative * (1 + exact.scores.token));
  EXPECT_NEAR(actual.scores.root, exact.scores.root, relative * (1 + exact.scores.root));
  EXPECT_NEAR(actual.scores.form, exact.scores.form, relative * (1 + exact.scores.form));
}

// A token's likelihood is one number, whichever function is asked for it, near the maximum and far from it.
TEST(LossRow, Normalizer_GivesTheTokensScore_BitForBit) {
  for (const float range : {1.0f, 10.0f, 200.0f}) {
    for (size_t vocabulary = 1; vocabulary <= 70; ++vocabulary) {
      const LossCase in(vocabulary, range, 5);
      std::vector<float> scratch = in.logits;
      const LossScores scores =
          LossRowScores(scratch.data(), in.root.data(), in.form.data(), vocabulary, in.target);
      const RowNormalizer normalizer = NormalizerOf(in.logits.data(), vocabulary);
      ASSERT_EQ(normalizer.Nats(in.logits[in.target]), scores.token) << vocabulary << ", range " << range;
    }
  }
}

TEST(LossRow, EveryVocabularySize_AgainstDouble) {
  ForEachTarget([](const std::string&) {
    for (size_t vocabulary : Lengths()) {
      if (vocabulary == 0) continue;
      for (float range : {0.0f, 3.0f, 25.0f}) {
        const LossCase in(vocabulary, range);
        SCOPED_TRACE(vocabulary);
        ExpectSame(RowLoss(in), ExactLoss(in), RelativeError(in));
      }
    }
    const LossCase large(131072, 8.0f);
    ExpectSame(RowLoss(large), ExactLoss(large), RelativeError(large));
  });
}

TEST(LossRow, MisalignedAndGuarded_SameBits_NothingElseTouched) {
  ForEachTarget([](const std::string&) {
    for (size_t vocabulary : Lengths()) {
      if (vocabulary == 0) continue;
      LossCase in(vocabulary, 4.0f);
      const LossResult expected = RowLoss(in);
      for (size_t misalignment : {1u, 6u}) {
        GuardedMatrix row(in.logits, misalignment), scratch(in.logits, misalignment);
        // One more id in front shifts the classes; the id behind is the target's own, a trap for tails.
        std::vector<int32_t> root = {5}, form = {5};
        root.insert(root.end(), in.root.begin(), in.root.end());
        form.insert(form.end(), in.form.begin(), in.form.end());
        root.push_back(in.root[in.target]);
        form.push_back(in.form[in.target]);
        const auto scores =
            LossRow(row.data(), root.data() + 1, form.data() + 1, vocabulary, in.target, kLambda, kScale);
        const auto alone =
            LossRowScores(scratch.data(), root.data() + 1, form.data() + 1, vocabulary, in.target);
        EXPECT_EQ(Bits(row.Values()), Bits(expected.gradient));
        EXPECT_EQ(Bits({{scores.token, scores.root, scores.form}}), Bits({{alone.token, alone.root, alone.form}}));
        EXPECT_EQ(scores.token, expected.scores.token);
        EXPECT_TRUE(row.Intact() && scratch.Intact());
      }
    }
  });
}

TEST(LossRow, EveryVocabularySize_IsTheScalarFormBitForBit) {
  ForEachTarget([](const std::string&) {
    for (size_t n : Lengths()) {
      if (n == 0) continue;
      const LossCase in(n, 5.0f);
      const float maximum = *std::max_element(in.logits.begin(), in.logits.end());
      std::vector<float> e(n);
      for (size_t v = 0; v < n; ++v) e[v] = math::Exp(in.logits[v] - maximum);
      const auto is_root = [&](size_t v) { return in.root[v] == in.root[in.target]; };
      const auto is_form = [&](size_t v) { return in.form[v] == in.form[in.target]; };
      const float all = ScalarLaneSum<float>(n, [&](size_t v, float s) { return s + e[v]; });
      const float root = ScalarLaneSum<float>(n, [&](size_t v, float s) { return s + (is_root(v) ? e[v] : 0.0f); });
      const float form = ScalarLaneSum<float>(n, [&](size_t v, float s) { return s + (is_form(v) ? e[v] : 0.0f); });
      const LossResult out = RowLoss(in);
      EXPECT_EQ(out.scores.token, (maximum - in.logits[in.target]) + math::Log(all));
      EXPECT_EQ(out.scores.root, math::Log(all / root));
      EXPECT_EQ(out.scores.form, math::Log(all / form));
      for (size_t v = 0; v < n; ++v) {
        const float factor = (kScale * (1.0f + 2.0f * kLambda) / all - (is_root(v) ? kScale * kLambda / root : 0.0f)) -
                             (is_form(v) ? kScale * kLambda / form : 0.0f);
        ASSERT_EQ(out.gradient[v], e[v] * factor - (v == in.target ? kScale : 0.0f)) << v << " of " << n;
      }
    }
  });
}

// A target 59, 61, 200 and 10,000 below the maximum: around the change of method and far beyond exp's range.
TEST(LossRow, TargetFarBelowTheMaximum_StaysRight) {
  ForEachTarget([](const std::string&) {
    for (float below : {59.0f, 59.999f, 60.001f, 61.0f, 90.0f, 104.0f, 200.0f, 10000.0f}) {
      for (size_t vocabulary : {7u, 16u, 40u}) {
        LossCase in(vocabulary, 1.0f);
        in.logits[1] = 3.0f;
        in.logits[in.target] = 3.0f - below;
        for (bool mates_far : {false, true}) {
          for (size_t v = 0; v < vocabulary; ++v) {
            const bool is_mate = in.root[v] == in.root[in.target] || in.form[v] == in.form[in.target];
            if (mates_far && is_mate && v != 1) in.logits[v] = 3.0f - below + 0.5f * static_cast<float>(v % 3);
          }
          SCOPED_TRACE(below);
          const LossResult out = RowLoss(in);
          ExpectSame(out, ExactLoss(in), (static_cast<double>(below) * 2 + 40) * kFloatEps);
          EXPECT_TRUE(std::isfinite(out.scores.root) && std::isfinite(out.scores.form));
        }
      }
    }
  });
}

TEST(LossRow, TargetAndItsClassFarBelow_ClassGradientIsTheSoftmaxWithinTheClass) {
  ForEachTarget([](const std::string&) {
    LossCase in(20, 1.0f);
    std::fill(in.root.begin(), in.root.end(), 1);
    std::fill(in.form.begin(), in.form.end(), 1);
    in.root[4] = in.root[9] = in.root[15] = 2;  // the target's root class
    in.form[9] = 3;                             // the target's form class: itself
    in.target = 9;
    in.logits[4] = in.logits[9] = in.logits[15] = -200.0f;
    const LossResult out = RowLoss(in);
    const float third = kScale * kLambda / 3.0f;
    EXPECT_NEAR(out.gradient[4], -third, 1e-7f);
    EXPECT_NEAR(out.gradient[15], -third, 1e-7f);
    EXPECT_NEAR(out.gradient[9], -third - kScale * kLambda - kScale, 1e-7f);
    EXPECT_NEAR(out.scores.token - out.scores.root, std::log(3.0f), 1e-4f);
    EXPECT_EQ(out.scores.form, out.scores.token);
  });
}

TEST(LossRow, ScoresAreNeverNegative_AndAClassIsNeverBelowItsToken) {
  for (uint64_t key = 0; key < 200; ++key) {
    LossCase in(100, 0.1f + static_cast<float>(key), key);
    in.target = key % 100;
    const LossScores scores = RowLoss(in).scores;
    EXPECT_GE(scores.root, 0.0f);
    EXPECT_GE(scores.form, 0.0f);
    EXPECT_GE(scores.token, scores.root * (1 - 1e-5f) - 1e-5f);
    EXPECT_GE(scores.token, scores.form * (1 - 1e-5f) - 1e-5f);
  }
}

TEST(LossRow, LambdaZero_IsThePlainCrossEntropyGradient) {
  ForEachTarget([](const std::string&) {
    const LossCase in(259, 6.0f);
    LossCase other = in;
    std::iota(other.root.begin(), other.root.end(), 0);
    std::fill(other.form.begin(), other.form.end(), 9);
    const LossResult out = RowLoss(in, 0.0f);
    EXPECT_EQ(Bits(out.gradient), Bits(RowLoss(other, 0.0f).gradient));
    std::vector<double> expected = Doubles(in.logits);
    reference::SoftmaxRow(expected.data(), expected.size(), expected.size(), 1.0);
    expected[in.target] -= 1;
    for (double& g : expected) g *= static_cast<double>(kScale);
    ExpectClose(out.gradient, expected, [&](size_t) { return RelativeError(in) * 2; }, "gradient");
  });
}

TEST(LossRow, GradientOfARow_SumsToZero) {
  ForEachTarget([](const std::string&) {
    for (size_t vocabulary : {2u, 17u, 259u, 4096u}) {
      const LossCase in(vocabulary, 6.0f);
      const auto gradient = Doubles(RowLoss(in).gradient);
      // (1 + 2 lambda) - 1 - lambda - lambda = 0; every element is rounded relative to terms that sum to scale * 2.4.
      EXPECT_NEAR(std::accumulate(gradient.begin(), gradient.end(), 0.0), 0.0, RelativeError(in) * 0.25 * 2.4);
    }
  });
}

TEST(LossRow, Gradient_IsTheFiniteDifferenceOfTheScores) {
  const LossCase in(23, 3.0f);
  const double lambda = 0.3;
  auto gradient = Doubles(in.logits);
  reference::LossRow(gradient.data(), in.root.data(), in.form.data(), in.vocabulary(), in.target, lambda, 1.0);
  for (size_t v = 0; v < in.vocabulary(); ++v) {
    const double difference = FiniteDifference(Doubles(in.logits), v, [&](std::vector<double> logits) {
      const auto s = reference::LossRow(logits.data(), in.root.data(), in.form.data(), in.vocabulary(),
                                        in.target, lambda, 1.0);
      return s.token + lambda * (s.root + s.form);
    });
    EXPECT_NEAR(gradient[v], difference, 1e-8);
  }
}

TEST(LossRow, OnlyEqualityWithTheTargetsClassesMatters) {
  const LossCase in(50, 3.0f);
  LossCase renamed = in;
  for (size_t v = 0; v < in.vocabulary(); ++v) {
    renamed.root[v] = in.root[v] == in.root[in.target] ? -7 : 1000 + static_cast<int32_t>(v);
    renamed.form[v] = in.form[v] == in.form[in.target] ? 0 : 3;
  }
  EXPECT_EQ(Bits(RowLoss(in).gradient), Bits(RowLoss(renamed).gradient));
  // A token that joins the target's root class loses gradient, and so does the whole class's score.
  LossCase joined = in;
  const size_t v = in.root[0] == in.root[in.target] ? 1 : 0;
  joined.root[v] = in.root[in.target];
  EXPECT_LT(RowLoss(joined).gradient[v], RowLoss(in).gradient[v]);
  EXPECT_LT(RowLoss(joined).scores.root, RowLoss(in).scores.root);
}

TEST(LossRow, NonFiniteLogits_ShowInTheTokenScore) {
  ForEachTarget([](const std::string&) {
    for (float special : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      for (size_t at = 0; at < 40; ++at) {
        LossCase in(40, 2.0f);
        in.logits[at] = special;
        EXPECT_FALSE(std::isfinite(RowLoss(in).scores.token)) << special << " at " << at;
      }
    }
  });
}

}  // namespace
}  // namespace cllm
