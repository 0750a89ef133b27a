// Slow (CLLM_SLOW): all 2^32 floats through every function of one argument, and 10^8 pairs through pow, against the C
// library's double functions, whose error is 2^-29 of a float's last place. Where the distance comes near the bound,
// MPFR decides.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <ostream>
#include <thread>
#include <vector>

#include "math/arrays.h"
#include "math/testing/inputs.h"
#include "math/testing/oracle.h"

namespace cllm::math {
namespace {

constexpr size_t kBlock = 4096;
constexpr double kDoubtful = 0.98;  // of the bound: from here on MPFR decides

// |found - truth| in units of the last place of the float at truth; see ErrorInUlps for zeros, infinities and NaN.
double FastError(float found, double truth) {
  if (std::isnan(truth) || std::isnan(found)) {
    return std::isnan(truth) && std::isnan(found) ? 0.0 : std::numeric_limits<double>::infinity();
  }
  if (found == 0.0f && std::signbit(found) != std::signbit(truth)) return std::numeric_limits<double>::infinity();
  const bool is_pole = std::isinf(truth);
  const double clipped = std::clamp(truth, -0x1p128, 0x1p128);
  const double value = std::clamp(static_cast<double>(found), -0x1p128, 0x1p128);
  if (is_pole && std::fabs(value) != 0x1p128) return std::numeric_limits<double>::infinity();
  const int exponent = static_cast<int>((std::bit_cast<uint64_t>(clipped) >> 52) & 0x7ff) - 1023;
  const int last_place = std::clamp(exponent, -126, 127) - 23;
  return std::fabs(value - clipped) * std::bit_cast<double>(static_cast<uint64_t>(1023 - last_place) << 52);
}

template <class Work>
void OnEveryCore(Work work) {
  const size_t cores = std::max(1u, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  for (size_t core = 0; core < cores; ++core) threads.emplace_back([=] { work(core, cores); });
}

WorstError Worst(const std::vector<WorstError>& parts) {
  return *std::max_element(parts.begin(), parts.end(), [](const auto& a, const auto& b) { return a.ulps < b.ulps; });
}

// Calls visit(x, found, worst) for all floats and their images.
template <class Visit>
WorstError ForEveryFloat(void (*ours)(const float*, float*, size_t), Visit visit) {
  std::vector<WorstError> worst(std::max(1u, std::thread::hardware_concurrency()));
  OnEveryCore([&, ours](size_t core, size_t cores) {
    std::vector<float> x(kBlock), found(kBlock);
    for (uint64_t block = core; block < (uint64_t{1} << 32) / kBlock; block += cores) {
      for (size_t i = 0; i < kBlock; ++i) x[i] = std::bit_cast<float>(static_cast<uint32_t>(block * kBlock + i));
      ours(x.data(), found.data(), kBlock);
      for (size_t i = 0; i < kBlock; ++i) visit(x[i], found[i], worst[core]);
    }
  });
  return Worst(worst);
}

double Sigmoid(double x) {
  const double e = std::exp(-std::fabs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
double Silu(double x) { return std::isinf(x) && x < 0 ? -0.0 : x * Sigmoid(x); }
double SiluDerivative(double x) {
  if (std::isinf(x)) return x > 0 ? 1.0 : 0.0;
  return Sigmoid(x) * (1.0 + x * Sigmoid(-x));
}

struct Function {
  const char* name;
  void (*ours)(const float*, float*, size_t);
  double (*reference)(double);
  TrueFunction exact;
  double bound;  // ulp, design section 7
};

void PrintTo(const Function& function, std::ostream* out) { *out << function.name; }

#define MPFR_FUNCTION(name) [](mpfr_ptr y, mpfr_srcptr x) { name(y, x, MPFR_RNDN); }

const Function kFunctions[] = {
    {"exp", ExpArray, std::exp, MPFR_FUNCTION(mpfr_exp), 1.0},
    {"exp2", Exp2Array, std::exp2, MPFR_FUNCTION(mpfr_exp2), 1.0},
    {"log", LogArray, std::log, MPFR_FUNCTION(mpfr_log), 1.0},
    {"log2", Log2Array, std::log2, MPFR_FUNCTION(mpfr_log2), 1.0},
    {"tanh", TanhArray, std::tanh, MPFR_FUNCTION(mpfr_tanh), 1.0},
    {"sin", SinArray, std::sin, MPFR_FUNCTION(mpfr_sin), 1.0},
    {"cos", CosArray, std::cos, MPFR_FUNCTION(mpfr_cos), 1.0},
    {"tan", TanArray, std::tan, MPFR_FUNCTION(mpfr_tan), 2.0},
    {"rsqrt", RsqrtArray, [](double x) { return 1.0 / std::sqrt(x); }, TrueRsqrt, 1.0},
    {"sigmoid", SigmoidArray, Sigmoid, TrueSigmoid, 2.0},
    {"SiLU", SiluArray, Silu, TrueSilu, 3.0},
};

class EveryFloat : public testing::TestWithParam<Function> {
 protected:
  void SetUp() override {
    if (std::getenv("CLLM_SLOW") == nullptr) GTEST_SKIP() << "slow: runs with CLLM_SLOW";
  }
};

TEST_P(EveryFloat, IsWithinTheBound) {
  const Function& function = GetParam();
  const WorstError worst = ForEveryFloat(function.ours, [&](float x, float found, WorstError& so_far) {
    double error = FastError(found, function.reference(static_cast<double>(x)));
    if (!(error <= kDoubtful * function.bound)) {
      Real input(static_cast<double>(x)), truth;
      function.exact(truth.get(), input.get());
      error = ErrorInUlps(found, truth.get());
    }
    so_far.Add(error, static_cast<double>(x));
  });
  std::printf("| %s | %.4f | %a (%g) | %g |\n", function.name, worst.ulps, worst.at, worst.at, function.bound);
  EXPECT_LE(worst.ulps, function.bound) << ToString(worst);
  EXPECT_GT(worst.ulps, 0.49) << "no rounding at all: the reference compares nothing";
}

INSTANTIATE_TEST_SUITE_P(Functions, EveryFloat, testing::ValuesIn(kFunctions),
                         [](const auto& function) { return std::string(function.param.name); });

class EveryFloatExactly : public EveryFloat {};

TEST_F(EveryFloatExactly, SiluDerivative_IsWithinItsAbsoluteBound) {
  const WorstError worst = ForEveryFloat(SiluDerivativeArray, [](float x, float found, WorstError& so_far) {
    const double truth = SiluDerivative(static_cast<double>(x));
    const bool both_nan = std::isnan(truth) && std::isnan(found);
    so_far.Add(both_nan ? 0.0 : std::fabs(static_cast<double>(found) - truth), static_cast<double>(x));
  });
  std::printf("| derivative of SiLU | 2^%.2f, absolute | %a (%g) | 2^-22 |\n", std::log2(worst.ulps), worst.at,
              worst.at);
  EXPECT_LE(worst.ulps, 0x1p-22);
  EXPECT_GT(worst.ulps, 0x1p-27);
}

// The bits of C's correctly rounded or exact functions.
TEST_F(EveryFloatExactly, SqrtAndRounding_HaveTheBitsOfC) {
  struct Exact {
    const char* name;
    void (*ours)(const float*, float*, size_t);
    float (*reference)(float);
  };
  for (const Exact& exact : {Exact{"sqrt", SqrtArray, std::sqrt}, Exact{"floor", FloorArray, std::floor},
                             Exact{"ceil", CeilArray, std::ceil}, Exact{"round", RoundArray, std::round},
                             Exact{"trunc", TruncArray, std::trunc}, Exact{"fabs", AbsArray, std::fabs}}) {
    const WorstError worst = ForEveryFloat(exact.ours, [&](float x, float found, WorstError& so_far) {
      const float expected = exact.reference(x);
      const bool same = std::bit_cast<uint32_t>(found) == std::bit_cast<uint32_t>(expected) ||
                        (std::isnan(found) && std::isnan(expected));
      so_far.Add(same ? 0.0 : 1.0, static_cast<double>(x));
    });
    std::printf("| %s | %s | | exact |\n", exact.name, worst.ulps == 0 ? "exact" : "WRONG");
    EXPECT_EQ(worst.ulps, 0.0) << exact.name << " at " << worst.at;
  }
}

// Where pow is hard: bases near one with results over the whole range, results about to overflow or to vanish, whole
// and half exponents, negative bases, subnormal bases; and anything.
float PowBase(uint64_t kind, uint64_t i) {
  const uint64_t bits = DrawBits(1, i);
  switch (kind) {
    case 0:
      return std::bit_cast<float>(static_cast<uint32_t>(bits));
    case 1:
      return static_cast<float>(1.0 + DrawBetween(-0x1p-10, 0x1p-10, 1, i));
    case 2:
      return static_cast<float>(std::exp2(DrawBetween(-140, 127, 1, i)));
    case 3:
      return static_cast<float>(DrawBetween(-40, 40, 1, i));
    case 4:
      return std::bit_cast<float>(static_cast<uint32_t>(bits % (1u << 23)));
    default:
      return static_cast<float>(DrawBetween(0.5, 2, 1, i));
  }
}
float PowExponent(uint64_t kind, uint64_t i, float base) {
  const double log2 = std::log2(std::fabs(static_cast<double>(base)));
  switch (kind) {
    case 0:
      return std::bit_cast<float>(static_cast<uint32_t>(DrawBits(2, i)));
    case 1:
      return static_cast<float>(DrawBetween(-150, 130, 2, i) / log2);
    case 2:
      return static_cast<float>((i % 2 == 0 ? DrawBetween(126, 129, 2, i) : DrawBetween(-151, -125, 2, i)) / log2);
    case 3:
      return static_cast<float>(static_cast<int64_t>(DrawBits(2, i) % 129) - 64) * 0.5f;
    case 4:
      return static_cast<float>(DrawBetween(-2, 2, 2, i));
    default:
      return static_cast<float>(DrawBetween(-128, 128, 2, i));
  }
}

TEST_F(EveryFloatExactly, Pow_IsWithinTwoUlp_OnAHundredMillionPairs) {
  constexpr uint64_t kPairs = 100'000'000, kKinds = 6;
  std::vector<WorstError> worst(std::max(1u, std::thread::hardware_concurrency()));
  OnEveryCore([&](size_t core, size_t cores) {
    std::vector<float> x(kBlock), y(kBlock), found(kBlock);
    for (uint64_t block = core; block * kBlock < kPairs; block += cores) {
      for (size_t i = 0; i < kBlock; ++i) {
        x[i] = PowBase(block % kKinds, block * kBlock + i);
        y[i] = PowExponent(block % kKinds, block * kBlock + i, x[i]);
      }
      PowArray(x.data(), y.data(), found.data(), kBlock);
      for (size_t i = 0; i < kBlock; ++i) {
        const double base = static_cast<double>(x[i]), exponent = static_cast<double>(y[i]);
        double error = FastError(found[i], std::pow(base, exponent));
        if (!(error <= kDoubtful * 2.0)) {
          Real a(base), b(exponent), truth;
          mpfr_pow(truth.get(), a.get(), b.get(), MPFR_RNDN);
          error = ErrorInUlps(found[i], truth.get());
        }
        worst[core].Add(error, base, exponent);
      }
    }
  });
  const WorstError all = Worst(worst);
  std::printf("| pow, 10^8 pairs | %.4f | %a, %a | 2 |\n", all.ulps, all.at, all.second_argument);
  EXPECT_LE(all.ulps, 2.0) << ToString(all);
  EXPECT_GT(all.ulps, 0.49);
}

}  // namespace
}  // namespace cllm::math
