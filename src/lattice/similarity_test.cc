#include "lattice/similarity.h"

#include <gtest/gtest.h>
#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <utility>

#include "base/random.h"

namespace cllm {
namespace {

TEST(Similarity, GcdAgreesWithEuclid) {
  EXPECT_EQ(Gcd(0, 0), 0u);
  EXPECT_EQ(Gcd(0, 7), 7u);
  EXPECT_EQ(Gcd(7, 0), 7u);
  for (uint64_t i = 0; i < 20000; ++i) {
    const uint64_t shared = RandomBits(3, i) >> (i % 50 + 10);
    const uint64_t a = (RandomBits(1, i) >> (i % 64)) * (shared >> 20),
                   b = (RandomBits(2, i) >> (i % 61)) * (shared >> 20);
    ASSERT_EQ(Gcd(a, b), std::gcd(a, b)) << a << " " << b;
  }
  EXPECT_EQ(Gcd(~uint64_t{0}, ~uint64_t{0}), ~uint64_t{0});
}

TEST(Similarity, GcdSimilarityIsInUnitInterval) {
  EXPECT_EQ(GcdSimilarity(6, 6), 1.0);
  EXPECT_EQ(GcdSimilarity(107, 107 * 2), 0.5);
  EXPECT_EQ(GcdSimilarity(107 * 3, 109), 1.0 / 321);
}

struct Golden {
  uint64_t i, j;
  double minus_log;
};

TEST(Similarity, KernelHasItsGoldenValues) {
  const Golden values[] = {{0, 0, 0},
                           {0, 1, 0.818371},
                           {1, 3, 0.825078},
                           {2, 5, 0.801237},
                           {4, 9, 0.787151},
                           {9, 99, 2.386314},
                           {10, 11, 2.309472},
                           {100, 101, 3.815365},
                           {787, 393, 1.032452},
                           {500, 787, 4.937002},
                           {49999, 24999, 1.045178}};
  for (const Golden& golden : values) {
    EXPECT_NEAR(-std::log(KernelOfIntegers(golden.i + 1, golden.j + 1)), golden.minus_log, 1e-5)
        << golden.i << " " << golden.j;
    EXPECT_EQ(KernelOfIntegers(golden.i + 1, golden.j + 1), KernelOfIntegers(golden.j + 1, golden.i + 1));
  }
}

// The Ulam point in 256-bit arithmetic.
UlamPoint Reference(uint64_t n) {
  mpfr_t turn, angle, radius, value;
  mpfr_inits2(256, turn, angle, radius, value, nullptr);
  mpfr_sqrt_ui(turn, 5, MPFR_RNDN);
  mpfr_ui_sub(turn, 3, turn, MPFR_RNDN);
  mpfr_div_ui(turn, turn, 2, MPFR_RNDN);
  mpfr_const_pi(angle, MPFR_RNDN);
  mpfr_mul(angle, angle, turn, MPFR_RNDN);
  mpfr_mul_ui(angle, angle, 2 * n, MPFR_RNDN);
  mpfr_sqrt_ui(radius, n, MPFR_RNDN);
  UlamPoint point{};
  mpfr_cos(value, angle, MPFR_RNDN);
  mpfr_mul(value, value, radius, MPFR_RNDN);
  point.x = mpfr_get_d(value, MPFR_RNDN);
  mpfr_sin(value, angle, MPFR_RNDN);
  mpfr_mul(value, value, radius, MPFR_RNDN);
  point.y = mpfr_get_d(value, MPFR_RNDN);
  mpfr_set_ui(value, n + 1, MPFR_RNDN);
  mpfr_log(value, value, MPFR_RNDN);
  point.z = mpfr_get_d(value, MPFR_RNDN);
  mpfr_clears(turn, angle, radius, value, nullptr);
  return point;
}

TEST(Similarity, UlamPointIsAccurateNearAndFar) {
  for (const uint64_t n : {uint64_t{1}, uint64_t{2}, uint64_t{3}, uint64_t{144}, uint64_t{1000}, uint64_t{1'000'000},
                           uint64_t{433'494'437}, uint64_t{1'000'000'000}, uint64_t{4'294'967'295}}) {
    const UlamPoint point = UlamPointOf(n), expected = Reference(n);
    const double tolerance = 1e-12 * std::sqrt(static_cast<double>(n));
    EXPECT_NEAR(point.x, expected.x, tolerance) << n;
    EXPECT_NEAR(point.y, expected.y, tolerance) << n;
    EXPECT_NEAR(point.z, expected.z, 1e-12 * expected.z) << n;
  }
}

// The constant G of the design is the angle of one turn.
TEST(Similarity, AngleIsTheGoldenAngle) {
  const UlamPoint point = UlamPointOf(1);
  EXPECT_NEAR(std::atan2(point.y, point.x), 2.399963229728653, 1e-15);
}

// Tokens t0, t1, ... of distinct roots, some with a space or a capital.
TokenLattice SomeLattice(size_t size) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < size; ++i) {
    std::string text(1 + i / 3 % 7, static_cast<char>('a' + i / 3 % 26));
    if (i % 3 == 2) text.front() = static_cast<char>('A' + i / 3 % 26);
    if (i % 3 != 0) text.insert(text.begin(), ' ');
    texts.push_back(std::move(text));
  }
  std::vector<LatticeToken> tokens;
  for (size_t i = 0; i < size; ++i) tokens.push_back({.bytes = texts[i], .count = RandomBits(5, i) % 1000});
  return TokenLattice::Build(tokens);
}

TEST(Similarity, KissingNeighboursAreTheTwelveBest) {
  const TokenLattice lattice = SomeLattice(700);
  for (size_t token = 0; token < lattice.size(); token += 13) {
    std::vector<std::pair<double, uint32_t>> all;
    for (size_t v = 0; v < lattice.size(); ++v) {
      if (v != token) all.emplace_back(-LatticeKernel(lattice, token, v), static_cast<uint32_t>(v));
    }
    std::sort(all.begin(), all.end());
    const std::vector<LatticeNeighbour> neighbours = KissingNeighbours(lattice, token);
    ASSERT_EQ(neighbours.size(), kKissingNumber);
    for (size_t i = 0; i < kKissingNumber; ++i) {
      EXPECT_EQ(neighbours[i].token, all[i].second);
      EXPECT_EQ(neighbours[i].kernel, -all[i].first);
    }
  }
}

TEST(Similarity, SmallVocabularyHasFewerNeighbours) {
  EXPECT_EQ(KissingNeighbours(SomeLattice(5), 2).size(), 4u);
  EXPECT_TRUE(KissingNeighbours(SomeLattice(1), 0).empty());
}

TEST(Similarity, KernelIsOneWithItselfAndSymmetric) {
  const TokenLattice lattice = SomeLattice(60);
  for (size_t u = 0; u < lattice.size(); ++u) {
    EXPECT_NEAR(LatticeKernel(lattice, u, u), 1.0, 1e-15);
    for (size_t v = 0; v < lattice.size(); ++v) {
      EXPECT_EQ(LatticeKernel(lattice, u, v), LatticeKernel(lattice, v, u));
      EXPECT_GT(LatticeKernel(lattice, u, v), 0.0);
    }
  }
}

// The seed's formula sees tokens only: whatever a model of the text predicts, and however its weights are moved, the
// value stays, so the finite-difference gradient by any weight is exactly zero; a change of text does change it.
TEST(Similarity, KernelLossHasNoGradientByAModel) {
  const TokenLattice lattice = SomeLattice(60);
  std::vector<uint32_t> text;
  for (uint64_t i = 0; i < 200; ++i) text.push_back(static_cast<uint32_t>(RandomBits(9, i) % lattice.size()));
  // Logits of a bigram model, weight [60, 60], and the loss as a training loop would call it.
  const auto loss_of = [&](const std::vector<double>& weights) {
    double cross_entropy = 0;
    for (size_t i = 1; i < text.size(); ++i) {
      double sum = 0;
      for (size_t v = 0; v < lattice.size(); ++v) sum += std::exp(weights[text[i - 1] * lattice.size() + v]);
      cross_entropy += std::log(sum) - weights[text[i - 1] * lattice.size() + text[i]];
    }
    return std::pair(MeanKernelLoss(lattice, text), cross_entropy);
  };
  std::vector<double> weights(lattice.size() * lattice.size(), 0.0);
  const auto [loss, cross_entropy] = loss_of(weights);
  EXPECT_GT(loss, 0.0);
  for (const size_t moved : {size_t{text[0]} * lattice.size() + text[1], size_t{text[7]} * lattice.size() + 3}) {
    weights[moved] += 1e-2;
    const auto [moved_loss, moved_cross_entropy] = loss_of(weights);
    EXPECT_EQ(moved_loss - loss, 0.0);
    EXPECT_NE(moved_cross_entropy, cross_entropy);  // the control: a loss with a model does change
    weights[moved] -= 1e-2;
  }
  text[100] = (text[100] + 1) % 60;
  EXPECT_NE(MeanKernelLoss(lattice, text), loss);
}

TEST(Similarity, KernelLossIsTheMeanOfMinusLogKernel) {
  const TokenLattice lattice = SomeLattice(30);
  const std::vector<uint32_t> text = {3, 8, 8};
  EXPECT_NEAR(MeanKernelLoss(lattice, text), -std::log(LatticeKernel(lattice, 3, 8)) / 2, 1e-12);
  EXPECT_EQ(MeanKernelLoss(lattice, std::vector<uint32_t>{3}), 0.0);
}

}  // namespace
}  // namespace cllm
