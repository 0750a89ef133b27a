// Double forms, pow and fmod against MPFR and exact references.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "math/scalar.h"
#include "math/testing/inputs.h"
#include "math/testing/oracle.h"

namespace cllm::math {
namespace {

using ExactRounding = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

// The worst error of a double function over inputs it is given one by one.
class Comparison {
 public:
  Comparison(double (*ours)(double), ExactRounding exact) : ours_(ours), exact_(exact) {}

  void Add(double x) {
    mpfr_set_d(input_.get(), x, MPFR_RNDN);
    exact_(truth_.get(), input_.get(), MPFR_RNDN);
    worst_.Add(ErrorInUlps(ours_(x), truth_.get()), x);
  }
  const WorstError& worst() const { return worst_; }

 private:
  double (*ours_)(double);
  ExactRounding exact_;
  Real input_, truth_;
  WorstError worst_;
};

double Between(double low, double high, uint64_t i) { return DrawBetween(low, high, 17, i); }

// A finite double of any exponent and sign.
double AnyDouble(uint64_t i) {
  const uint64_t bits = DrawBits(18, i);
  return std::isfinite(std::bit_cast<double>(bits)) ? std::bit_cast<double>(bits) : 1.0;
}

TEST(DoubleFunctions, Exp_IsWithinTwoUlp) {
  Comparison compare(Exp, mpfr_exp);
  for (uint64_t i = 0; i < 200000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(Between(-746.0, 710.0, i));
  for (uint64_t i = 0; i < 100000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(Between(-1.0, 1.0, i));
  for (uint64_t i = 0; i < 20000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(AnyDouble(i));
  EXPECT_LE(compare.worst().ulps, 1.0) << ToString(compare.worst());
  EXPECT_GT(compare.worst().ulps, 0.4);
}

TEST(DoubleFunctions, Log_IsWithinTwoUlp) {
  Comparison compare(Log, mpfr_log);
  for (uint64_t i = 0; i < 200000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(std::fabs(AnyDouble(i)));
  for (uint64_t i = 0; i < 200000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(Between(0.5, 2.0, i));
  for (uint64_t i = 0; i < 2000 / CLLM_SWEEP_DIVISOR; ++i) {
    compare.Add(1.0 + std::ldexp(Between(-1.0, 1.0, i), -static_cast<int>(i % 52)));
  }
  for (uint64_t i = 0; i < 2000 / CLLM_SWEEP_DIVISOR; ++i) {
    compare.Add(std::ldexp(Between(1.0, 2.0, i), -1074 + static_cast<int>(i % 52)));
  }
  EXPECT_LE(compare.worst().ulps, 1.0) << ToString(compare.worst());
  EXPECT_GT(compare.worst().ulps, 0.4);
}

// Ordinary angles, all exponents, neighbours of multiples of pi/2, and the double that lies nearest to one of them
// (6381956970095103 * 2^797).
void AddAngles(Comparison& compare) {
  for (uint64_t i = 0; i < 100000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(Between(-10.0, 10.0, i));
  for (uint64_t i = 0; i < 100000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(Between(-0x1p31, 0x1p31, i));
  for (uint64_t i = 0; i < 100000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(AnyDouble(i));
  for (int64_t n = 1; n < 100000; n += 7) {
    const double angle = static_cast<double>(n) * (std::numbers::pi / 2);
    compare.Add(angle);
    compare.Add(std::nextafter(angle, 0.0));
    compare.Add(std::nextafter(angle, 1e300));
  }
  compare.Add(std::ldexp(6381956970095103.0, 797));
  compare.Add(-std::ldexp(6381956970095103.0, 797));
}

TEST(DoubleFunctions, Sin_IsWithinTwoUlp) {
  Comparison compare(Sin, mpfr_sin);
  AddAngles(compare);
  EXPECT_LE(compare.worst().ulps, 1.0) << ToString(compare.worst());
  EXPECT_GT(compare.worst().ulps, 0.4);
}

TEST(DoubleFunctions, Cos_IsWithinTwoUlp) {
  Comparison compare(Cos, mpfr_cos);
  AddAngles(compare);
  EXPECT_LE(compare.worst().ulps, 1.0) << ToString(compare.worst());
  EXPECT_GT(compare.worst().ulps, 0.4);
}

TEST(DoubleFunctions, Sqrt_IsCorrectlyRounded) {
  Comparison compare(Sqrt, mpfr_sqrt);
  for (uint64_t i = 0; i < 100000 / CLLM_SWEEP_DIVISOR; ++i) compare.Add(std::fabs(AnyDouble(i)));
  EXPECT_LE(compare.worst().ulps, 0.5) << ToString(compare.worst());
}

// The worst error of pow over pairs.
template <typename T>
class PowComparison {
 public:
  void Add(T x, T y) {
    mpfr_set_d(x_.get(), static_cast<double>(x), MPFR_RNDN);
    mpfr_set_d(y_.get(), static_cast<double>(y), MPFR_RNDN);
    mpfr_pow(truth_.get(), x_.get(), y_.get(), MPFR_RNDN);
    worst_.Add(ErrorInUlps(Pow(x, y), truth_.get()), static_cast<double>(x), static_cast<double>(y));
  }
  // Results over the whole range: x of any exponent, y chosen so that x^y is neither 0 nor inf in most cases; bases
  // next to 1 with large y; whole y with negative x.
  void AddRegions(double largest_log, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      const T x = static_cast<T>(std::exp(Between(-1.0, 1.0, 3 * i) * 0.99 * largest_log));
      const double log = std::log(static_cast<double>(x));
      Add(x, static_cast<T>(Between(-1.1, 1.1, 3 * i + 1) * largest_log / log));
      const T near_one =
          T(1) + static_cast<T>(std::ldexp(Between(-1.0, 1.0, 3 * i + 2), -static_cast<int>(i % 24) - 1));
      Add(near_one, static_cast<T>(Between(-1.1, 1.1, i) * largest_log / std::log(static_cast<double>(near_one))));
      Add(-x, static_cast<T>(static_cast<int>(i % 41) - 20));
    }
  }
  const WorstError& worst() const { return worst_; }

 private:
  Real x_, y_, truth_;
  WorstError worst_;
};

TEST(Pow, Float_IsWithinOneUlp) {
  PowComparison<float> compare;
  compare.AddRegions(std::log(0x1p127), 40000);
  EXPECT_LE(compare.worst().ulps, 0.51) << ToString(compare.worst());
  EXPECT_GT(compare.worst().ulps, 0.4);
}

TEST(Pow, Double_IsWithinTwoUlp) {
  PowComparison<double> compare;
  compare.AddRegions(std::log(0x1p1023), 40000);
  for (int j = 0; j < 64; ++j) compare.Add(10000.0, -j / 64.0);  // RoPE's frequencies
  EXPECT_LE(compare.worst().ulps, 1.0) << ToString(compare.worst());
  EXPECT_GT(compare.worst().ulps, 0.4);
}

TEST(Fmod, AnyPair_IsExact) {
  for (uint64_t i = 0; i < 400000 / CLLM_SWEEP_DIVISOR; ++i) {
    const uint64_t bits = DrawBits(19, i);
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    float y = std::bit_cast<float>(static_cast<uint32_t>(bits >> 32));
    if (i % 2 == 0) y = std::ldexp(y, -static_cast<int>(i % 60));
    if (i % 5 == 0) y = std::bit_cast<float>(std::bit_cast<uint32_t>(x) - static_cast<uint32_t>(i % 97) * 8388608u);
    const float expected = std::fmod(x, y);
    const float found = Fmod(x, y);
    if (std::isnan(expected) && std::isnan(found)) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(found), std::bit_cast<uint32_t>(expected)) << x << " " << y;
  }
}

}  // namespace
}  // namespace cllm::math
