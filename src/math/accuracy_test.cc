// Floats against MPFR: a stride through all 2^32 of them.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "math/scalar.h"
#include "math/testing/oracle.h"

namespace cllm::math {
namespace {

// Coprime to 2^32, so that the low bits vary; 2.1 million inputs in a full sweep. Starts with +0.
constexpr uint64_t kStride = (2052 * CLLM_SWEEP_DIVISOR) | 1;

template <class Function>
WorstError Sweep(Function ours, TrueFunction exact) {
  WorstError worst;
  Real input, truth;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += kStride) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    mpfr_set_flt(input.get(), x, MPFR_RNDN);
    exact(truth.get(), input.get());
    worst.Add(ErrorInUlps(ours(x), truth.get()), static_cast<double>(x));
  }
  return worst;
}

#define MPFR_FUNCTION(name) [](mpfr_ptr y, mpfr_srcptr x) { name(y, x, MPFR_RNDN); }

// Measured here and printed; the bound is the contract.
#define EXPECT_WITHIN(bound, ours, exact)                                            \
  do {                                                                               \
    const WorstError worst = Sweep([](float x) { return ours(x); }, exact);          \
    RecordProperty("worst", ToString(worst));                                        \
    EXPECT_LE(worst.ulps, bound) << ToString(worst);                                 \
    EXPECT_GT(worst.ulps, 0.4) << "no rounding at all: the oracle compares nothing"; \
  } while (false)

TEST(Accuracy, Exp_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Exp, MPFR_FUNCTION(mpfr_exp)); }
TEST(Accuracy, Exp2_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Exp2, MPFR_FUNCTION(mpfr_exp2)); }
TEST(Accuracy, Log_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Log, MPFR_FUNCTION(mpfr_log)); }
TEST(Accuracy, Log2_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Log2, MPFR_FUNCTION(mpfr_log2)); }
TEST(Accuracy, Sin_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Sin, MPFR_FUNCTION(mpfr_sin)); }
TEST(Accuracy, Cos_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Cos, MPFR_FUNCTION(mpfr_cos)); }
TEST(Accuracy, Tan_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Tan, MPFR_FUNCTION(mpfr_tan)); }
TEST(Accuracy, Tanh_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Tanh, MPFR_FUNCTION(mpfr_tanh)); }
TEST(Accuracy, Rsqrt_IsWithinOneUlp) { EXPECT_WITHIN(1.0, Rsqrt, TrueRsqrt); }
TEST(Accuracy, Sqrt_IsCorrectlyRounded) { EXPECT_WITHIN(0.5, Sqrt, MPFR_FUNCTION(mpfr_sqrt)); }
TEST(Accuracy, Sigmoid_IsWithinTwoUlp) { EXPECT_WITHIN(2.0, Sigmoid, TrueSigmoid); }
TEST(Accuracy, Silu_IsWithinThreeUlp) { EXPECT_WITHIN(3.0, Silu, TrueSilu); }

TEST(Accuracy, SiluDerivative_IsWithinItsAbsoluteBound) {
  double worst = 0.0;
  Real input, truth;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += kStride) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    const float found = SiluDerivative(x);
    ASSERT_EQ(std::isnan(found), std::isnan(x)) << x;
    if (std::isnan(x)) continue;
    mpfr_set_flt(input.get(), x, MPFR_RNDN);
    TrueSiluDerivative(truth.get(), input.get());
    mpfr_sub_d(truth.get(), truth.get(), static_cast<double>(found), MPFR_RNDN);
    worst = std::fmax(worst, std::fabs(mpfr_get_d(truth.get(), MPFR_RNDN)));
  }
  RecordProperty("worst", std::to_string(worst * 0x1p22));
  EXPECT_LE(worst, 0x1p-22);
  EXPECT_GT(worst, 0x1p-27);
}

// Exact results: the bits of C's functions.
template <class Function, class Reference>
void ExpectSame(Function ours, Reference reference) {
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += kStride) {
    const float x = std::bit_cast<float>(static_cast<uint32_t>(bits));
    const float expected = reference(x);
    const float found = ours(x);
    if (std::isnan(expected) && std::isnan(found)) continue;
    ASSERT_EQ(std::bit_cast<uint32_t>(found), std::bit_cast<uint32_t>(expected)) << x;
  }
}

TEST(Accuracy, RoundingFunctions_AreExact) {
  ExpectSame([](float x) { return Floor(x); }, [](float x) { return std::floor(x); });
  ExpectSame([](float x) { return Ceil(x); }, [](float x) { return std::ceil(x); });
  ExpectSame([](float x) { return Trunc(x); }, [](float x) { return std::trunc(x); });
  ExpectSame([](float x) { return Round(x); }, [](float x) { return std::round(x); });
  ExpectSame([](float x) { return Abs(x); }, [](float x) { return std::fabs(x); });
}

TEST(Accuracy, LargeAngles_AreReducedExactly) {
  // Every exponent, mantissas spread; and Kahan's float nearest to a multiple of pi/2, 16367173 * 2^72.
  WorstError small, large;  // below 2^15 in float; from there on in double, rounded once
  Real input, truth;
  const auto add = [&](float x) {
    WorstError& worst = std::fabs(x) < 0x1p15f ? small : large;
    mpfr_set_flt(input.get(), x, MPFR_RNDN);
    mpfr_sin(truth.get(), input.get(), MPFR_RNDN);
    worst.Add(ErrorInUlps(Sin(x), truth.get()), static_cast<double>(x));
    mpfr_cos(truth.get(), input.get(), MPFR_RNDN);
    worst.Add(ErrorInUlps(Cos(x), truth.get()), static_cast<double>(x));
    mpfr_tan(truth.get(), input.get(), MPFR_RNDN);
    worst.Add(ErrorInUlps(Tan(x), truth.get()), static_cast<double>(x));
  };
  add(std::ldexp(16367173.0f, 72));
  add(-std::ldexp(16367173.0f, 72));
  for (int exponent = 0; exponent < 128; ++exponent) {
    for (uint32_t i = 0; i < 400 / CLLM_SWEEP_DIVISOR; ++i) {
      const uint32_t mantissa = (i * 0x9e3779b9u) >> 9;
      add(std::ldexp(1.0f + static_cast<float>(mantissa) * 0x1p-23f, exponent));
    }
  }
  EXPECT_LE(small.ulps, 1.0) << ToString(small);
  EXPECT_LE(large.ulps, 0.51) << ToString(large);
}

}  // namespace
}  // namespace cllm::math
