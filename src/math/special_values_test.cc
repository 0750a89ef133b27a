// Zeros, infinities, NaN and the ends of the subnormal range: C99 Annex F.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "math/testing/functions.h"

namespace cllm::math {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = std::numeric_limits<float>::denorm_min();
constexpr float kMax = std::numeric_limits<float>::max();
constexpr double kInfDouble = std::numeric_limits<double>::infinity();
constexpr double kNanDouble = std::numeric_limits<double>::quiet_NaN();

using FloatFunctions = std::initializer_list<float (*)(float)>;

testing::AssertionResult IsExactly(double found, double expected) {
  const bool same =
      std::isnan(expected) ? std::isnan(found) : std::bit_cast<uint64_t>(found) == std::bit_cast<uint64_t>(expected);
  if (same) return testing::AssertionSuccess();
  return testing::AssertionFailure() << found << " instead of " << expected;
}

TEST(SpecialValues, NaN_StaysNaN) {
  for (const auto& f : kFloatFunctions) EXPECT_TRUE(std::isnan(f.scalar(kNan))) << f.name;
  for (const auto& f : kFloatFunctions) EXPECT_TRUE(std::isnan(f.scalar(-kNan))) << f.name;
  for (const auto& f : kDoubleFunctions) EXPECT_TRUE(std::isnan(f.scalar(kNanDouble))) << f.name;
}

TEST(SpecialValues, Zeros) {
  for (float (*f)(float) : FloatFunctions{Sin, Tan, Tanh, Sqrt, Silu, Floor, Ceil, Round, Trunc}) {
    EXPECT_TRUE(IsExactly(f(0.0f), 0.0));
    EXPECT_TRUE(IsExactly(f(-0.0f), -0.0));
  }
  for (const float zero : {0.0f, -0.0f}) {
    for (float (*f)(float) : FloatFunctions{Exp, Exp2, Cos}) EXPECT_TRUE(IsExactly(f(zero), 1.0));
    EXPECT_TRUE(IsExactly(Log(zero), -kInfDouble));
    EXPECT_TRUE(IsExactly(Log2(zero), -kInfDouble));
    EXPECT_TRUE(IsExactly(Sigmoid(zero), 0.5));
    EXPECT_TRUE(IsExactly(SiluDerivative(zero), 0.5));
    EXPECT_TRUE(IsExactly(Abs(zero), 0.0));
  }
  EXPECT_TRUE(IsExactly(Rsqrt(0.0f), kInfDouble));
  EXPECT_TRUE(IsExactly(Rsqrt(-0.0f), -kInfDouble));
}

TEST(SpecialValues, Infinities) {
  EXPECT_TRUE(IsExactly(Exp(kInf), kInfDouble));
  EXPECT_TRUE(IsExactly(Exp(-kInf), 0.0));
  EXPECT_TRUE(IsExactly(Exp2(kInf), kInfDouble));
  EXPECT_TRUE(IsExactly(Exp2(-kInf), 0.0));
  EXPECT_TRUE(IsExactly(Log(kInf), kInfDouble));
  EXPECT_TRUE(IsExactly(Log2(kInf), kInfDouble));
  EXPECT_TRUE(IsExactly(Tanh(kInf), 1.0));
  EXPECT_TRUE(IsExactly(Tanh(-kInf), -1.0));
  EXPECT_TRUE(IsExactly(Sqrt(kInf), kInfDouble));
  EXPECT_TRUE(IsExactly(Rsqrt(kInf), 0.0));
  EXPECT_TRUE(IsExactly(Sigmoid(kInf), 1.0));
  EXPECT_TRUE(IsExactly(Sigmoid(-kInf), 0.0));
  EXPECT_TRUE(IsExactly(Silu(kInf), kInfDouble));
  EXPECT_TRUE(IsExactly(Silu(-kInf), -0.0));
  EXPECT_TRUE(IsExactly(SiluDerivative(kInf), 1.0));
  EXPECT_TRUE(IsExactly(SiluDerivative(-kInf), -0.0));
  for (const float x : {kInf, -kInf}) {
    for (float (*f)(float) : FloatFunctions{Sin, Cos, Tan}) EXPECT_TRUE(std::isnan(f(x)));
    for (float (*f)(float) : FloatFunctions{Floor, Ceil, Round, Trunc}) {
      EXPECT_TRUE(IsExactly(f(x), x));
    }
    EXPECT_TRUE(std::isnan(Sin(static_cast<double>(x))));
    EXPECT_TRUE(std::isnan(Cos(static_cast<double>(x))));
  }
}

TEST(SpecialValues, NegativeArguments_HaveNoLogarithmOrRoot) {
  for (const float x : {-kTiny, -1.0f, -kMax, -kInf}) {
    for (float (*f)(float) : FloatFunctions{Log, Log2, Sqrt, Rsqrt}) {
      EXPECT_TRUE(std::isnan(f(x))) << x;
    }
    EXPECT_TRUE(std::isnan(Log(static_cast<double>(x)))) << x;
    EXPECT_TRUE(std::isnan(Sqrt(static_cast<double>(x)))) << x;
  }
}

TEST(SpecialValues, DoubleForms) {
  EXPECT_TRUE(IsExactly(Exp(0.0), 1.0));
  EXPECT_TRUE(IsExactly(Exp(kInfDouble), kInfDouble));
  EXPECT_TRUE(IsExactly(Exp(-kInfDouble), 0.0));
  EXPECT_TRUE(IsExactly(Exp(710.0), kInfDouble));
  EXPECT_TRUE(IsExactly(Exp(-746.0), 0.0));
  EXPECT_TRUE(IsExactly(Log(0.0), -kInfDouble));
  EXPECT_TRUE(IsExactly(Log(-0.0), -kInfDouble));
  EXPECT_TRUE(IsExactly(Log(1.0), 0.0));
  EXPECT_TRUE(IsExactly(Log(kInfDouble), kInfDouble));
  EXPECT_TRUE(IsExactly(Sin(0.0), 0.0));
  EXPECT_TRUE(IsExactly(Sin(-0.0), -0.0));
  EXPECT_TRUE(IsExactly(Sin(0x1p-1074), 0x1p-1074));
  EXPECT_TRUE(IsExactly(Cos(0.0), 1.0));
  EXPECT_TRUE(IsExactly(Sqrt(-0.0), -0.0));
}

TEST(SpecialValues, SubnormalsAndEnds_AreNotFlushed) {
  EXPECT_TRUE(IsExactly(Exp(-103.9f), kTiny));
  EXPECT_TRUE(IsExactly(Exp(-104.0f), 0.0));
  EXPECT_TRUE(IsExactly(Exp(89.0f), kInfDouble));
  EXPECT_TRUE(IsExactly(Exp2(-149.0f), kTiny));
  EXPECT_TRUE(IsExactly(Exp2(-127.0f), 0x1p-127));
  EXPECT_TRUE(IsExactly(Exp2(127.0f), 0x1p127));
  EXPECT_TRUE(IsExactly(Exp2(128.0f), kInfDouble));
  EXPECT_TRUE(IsExactly(Log2(kTiny), -149.0));
  EXPECT_TRUE(IsExactly(Log2(8.0f), 3.0));
  EXPECT_TRUE(IsExactly(Sqrt(kTiny), 0x1.6a09e6p-75));
  for (float (*f)(float) : FloatFunctions{Sin, Tan, Tanh}) {
    EXPECT_TRUE(IsExactly(f(kTiny), kTiny));
    EXPECT_TRUE(IsExactly(f(-kTiny), -kTiny));
  }
  EXPECT_TRUE(IsExactly(Sigmoid(-103.5f), kTiny));
  EXPECT_TRUE(IsExactly(Pow(2.0f, -149.0f), kTiny));
  EXPECT_TRUE(IsExactly(Pow(2.0, -1074.0), 0x1p-1074));
  EXPECT_TRUE(IsExactly(Fmod(kTiny * 5, kTiny * 3), kTiny * 2));
}

// glibc's pow and fmod follow Annex F; whatever is a zero, an infinity, a NaN or exact must be the same.
TEST(SpecialValues, PairsOfSpecialArguments_AreAsInAnnexF) {
  const std::vector<float> values = {
      0.0f, -0.0f, kTiny, -kTiny,  0x1p-126f, 0.5f,        -0.5f,        1.0f, -1.0f, 1.5f, -1.5f, 2.0f, -2.0f,
      3.0f, -3.0f, 4.0f,  0x1p24f, -0x1p24f,  16777215.0f, -16777215.0f, kMax, -kMax, kInf, -kInf, kNan};
  for (const float x : values) {
    for (const float y : values) {
      const double power = std::pow(static_cast<double>(x), static_cast<double>(y));
      EXPECT_TRUE(IsExactly(Fmod(x, y), std::fmod(x, y))) << "fmod " << x << " " << y;
      if (std::isnan(power) || power == 0.0 || std::isinf(power)) {
        EXPECT_TRUE(IsExactly(Pow(x, y), power)) << "pow " << x << " " << y;
        EXPECT_TRUE(IsExactly(Pow(static_cast<double>(x), static_cast<double>(y)), power)) << "pow " << x << " " << y;
      }
    }
  }
}

TEST(SpecialValues, MinAndMax_PreferNumbersAndOrderZeros) {
  EXPECT_TRUE(IsExactly(Min(kNan, 1.0f), 1.0));
  EXPECT_TRUE(IsExactly(Min(1.0f, kNan), 1.0));
  EXPECT_TRUE(IsExactly(Max(kNan, -kInf), -kInfDouble));
  EXPECT_TRUE(IsExactly(Max(kNan, kNan), kNanDouble));
  EXPECT_TRUE(IsExactly(Min(0.0f, -0.0f), -0.0));
  EXPECT_TRUE(IsExactly(Min(-0.0f, 0.0f), -0.0));
  EXPECT_TRUE(IsExactly(Max(0.0f, -0.0f), 0.0));
  EXPECT_TRUE(IsExactly(Max(-0.0f, 0.0f), 0.0));
  EXPECT_TRUE(IsExactly(Min(-kInf, kMax), -kInfDouble));
  EXPECT_TRUE(IsExactly(Max(2.0f, 3.0f), 3.0));
  EXPECT_TRUE(IsExactly(CopySign(3.0f, -0.0f), -3.0));
}

TEST(SpecialValues, Predicates) {
  EXPECT_TRUE(IsNan(kNan));
  EXPECT_TRUE(IsNan(kNanDouble));
  EXPECT_FALSE(IsNan(kInf));
  EXPECT_FALSE(IsNan(0.0));
  EXPECT_TRUE(IsInf(-kInf));
  EXPECT_TRUE(IsInf(kInfDouble));
  EXPECT_FALSE(IsInf(kMax));
  EXPECT_FALSE(IsInf(kNanDouble));
}

TEST(SpecialValues, Round_TakesHalvesAwayFromZero) {
  EXPECT_TRUE(IsExactly(Round(2.5f), 3.0));
  EXPECT_TRUE(IsExactly(Round(-2.5f), -3.0));
  EXPECT_TRUE(IsExactly(Round(-0.3f), -0.0));
  EXPECT_TRUE(IsExactly(Round(0x1.fffffep-2f), 0.0));
  EXPECT_TRUE(IsExactly(Round(0.49999999999999994), 0.0));
  EXPECT_TRUE(IsExactly(Round(4503599627370497.5), 4503599627370498.0));
  EXPECT_TRUE(IsExactly(Floor(-0.5), -1.0));
  EXPECT_TRUE(IsExactly(Ceil(-0.5), -0.0));
  EXPECT_TRUE(IsExactly(Trunc(-1.5), -1.0));
  EXPECT_TRUE(IsExactly(Abs(-1.5), 1.5));
}

}  // namespace
}  // namespace cllm::math
