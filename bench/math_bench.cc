// The array functions of src/math against the C library's vector form (libmvec, where it has one) and its scalar form:
// nanoseconds per element on 4,096 floats, one thread, in alternation, the median of the rounds. Each is checked
// against the scalar double function first.
//   math_bench [rounds]
#include <immintrin.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.h"
#include "kernels/simd.h"
#include "math/arrays.h"
#include "measure/measure.h"

extern "C" {
#define CLLM_MVEC(name)             \
  __m256 _ZGVdN8v_##name(__m256 x); \
  __attribute__((target("avx512f"))) __m512 _ZGVeN16v_##name(__m512 x);
CLLM_MVEC(expf)
CLLM_MVEC(exp2f)
CLLM_MVEC(logf)
CLLM_MVEC(log2f)
CLLM_MVEC(sinf)
CLLM_MVEC(cosf)
CLLM_MVEC(tanf)
CLLM_MVEC(tanhf)
__m256 _ZGVdN8vv_powf(__m256 x, __m256 y);
__attribute__((target("avx512f"))) __m512 _ZGVeN16vv_powf(__m512 x, __m512 y);
}

namespace cllm {
namespace {

constexpr size_t kElements = 4096;
constexpr double kMilliseconds = 4;  // of one measurement

using Array = void (*)(const float*, float*, size_t);

#define CLLM_WIDE(name)                                                                                   \
  void Mvec8_##name(const float* x, float* y, size_t n) {                                                 \
    for (size_t i = 0; i < n; i += 8) _mm256_storeu_ps(y + i, _ZGVdN8v_##name(_mm256_loadu_ps(x + i)));   \
  }                                                                                                       \
  __attribute__((target("avx512f"))) void Mvec16_##name(const float* x, float* y, size_t n) {             \
    for (size_t i = 0; i < n; i += 16) _mm512_storeu_ps(y + i, _ZGVeN16v_##name(_mm512_loadu_ps(x + i))); \
  }
CLLM_WIDE(expf)
CLLM_WIDE(exp2f)
CLLM_WIDE(logf)
CLLM_WIDE(log2f)
CLLM_WIDE(sinf)
CLLM_WIDE(cosf)
CLLM_WIDE(tanf)
CLLM_WIDE(tanhf)

constexpr float kPower = 2.7f;
void Mvec8_powf(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; i += 8) {
    _mm256_storeu_ps(y + i, _ZGVdN8vv_powf(_mm256_loadu_ps(x + i), _mm256_set1_ps(kPower)));
  }
}
__attribute__((target("avx512f"))) void Mvec16_powf(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; i += 16) {
    _mm512_storeu_ps(y + i, _ZGVeN16vv_powf(_mm512_loadu_ps(x + i), _mm512_set1_ps(kPower)));
  }
}
void PowArrayOf(const float* x, float* y, size_t n) {
  static const std::vector<float> powers(kElements, kPower);
  math::PowArray(x, powers.data(), y, n);
}

template <float (*kFunction)(float)>
void Scalar(const float* x, float* y, size_t n) {
  for (size_t i = 0; i < n; ++i) y[i] = kFunction(x[i]);
}
float Rsqrt(float x) { return 1.0f / std::sqrt(x); }
float Sigmoid(float x) { return 1.0f / (1.0f + std::exp(-x)); }
float Silu(float x) { return x / (1.0f + std::exp(-x)); }
float Pow(float x) { return std::pow(x, kPower); }

struct Row {
  const char* name;
  double low, high;  // of the inputs
  Array ours, mvec8, mvec16, scalar;
};
#define CLLM_PEER(name) Mvec8_##name, Mvec16_##name, Scalar<name>
const Row kRows[] = {
    {"exp", -80, 80, math::ExpArray, CLLM_PEER(expf)},
    {"exp2", -120, 120, math::Exp2Array, CLLM_PEER(exp2f)},
    {"log", 1e-6, 1e6, math::LogArray, CLLM_PEER(logf)},
    {"log2", 1e-6, 1e6, math::Log2Array, CLLM_PEER(log2f)},
    {"sin", -100, 100, math::SinArray, CLLM_PEER(sinf)},
    {"cos", -100, 100, math::CosArray, CLLM_PEER(cosf)},
    {"tan", -100, 100, math::TanArray, CLLM_PEER(tanf)},
    {"tanh", -5, 5, math::TanhArray, CLLM_PEER(tanhf)},
    {"pow", 1e-3, 1e3, PowArrayOf, Mvec8_powf, Mvec16_powf, Scalar<Pow>},
    {"sqrt", 0, 1e6, math::SqrtArray, nullptr, nullptr, Scalar<std::sqrt>},
    {"rsqrt", 1e-6, 1e6, math::RsqrtArray, nullptr, nullptr, Scalar<Rsqrt>},
    {"sigmoid", -20, 20, math::SigmoidArray, nullptr, nullptr, Scalar<Sigmoid>},
    {"SiLU", -20, 20, math::SiluArray, nullptr, nullptr, Scalar<Silu>},
};

double Nanoseconds(Array function, const std::vector<float>& x, std::vector<float>& y) {
  constexpr int kCalls = 16;  // between two looks at the clock
  const auto calls = [&] {
    for (int i = 0; i < kCalls; ++i) function(x.data(), y.data(), kElements);
  };
  return 1e9 / (measure::CallsPerSecond(kMilliseconds, calls, {}) * kCalls * kElements);
}

// The forms agree within a few units of the last place; a benchmark of a wrong function is worth nothing.
void Check(const Row& row, Array peer, const std::vector<float>& x) {
  std::vector<float> a(kElements), b(kElements);
  row.scalar(x.data(), a.data(), kElements);
  peer(x.data(), b.data(), kElements);
  for (size_t i = 0; i < kElements; ++i) {
    if (std::fabs(a[i] - b[i]) <= 1e-6f * std::fabs(a[i]) + 1e-37f) continue;
    std::fprintf(stderr, "math_bench: %s of %g is %g, expected %g\n", row.name, static_cast<double>(x[i]),
                 static_cast<double>(b[i]), static_cast<double>(a[i]));
    std::exit(1);
  }
}

void Measure(const Row& row, size_t rounds, bool wide) {
  std::vector<float> x(kElements), y(kElements);
  for (size_t i = 0; i < kElements; ++i) {
    x[i] = static_cast<float>(row.low + (row.high - row.low) * static_cast<double>(UnitFloat(RandomBits(7, i))));
  }
  const Array mvec = wide ? row.mvec16 : row.mvec8;
  for (const Array form : {row.ours, mvec}) {
    if (form != nullptr) Check(row, form, x);
  }
  std::vector<double> ours, vector, scalar;
  for (size_t round = 0; round < rounds; ++round) {
    ours.push_back(Nanoseconds(row.ours, x, y));
    if (mvec != nullptr) vector.push_back(Nanoseconds(mvec, x, y));
    scalar.push_back(Nanoseconds(row.scalar, x, y));
  }
  const double own = measure::Median(ours), plain = measure::Median(scalar);
  if (mvec == nullptr) {
    std::printf("| %-8s | %6.3f |      - |     - | %6.3f | %5.2f |\n", row.name, own, plain, plain / own);
    return;
  }
  const double peer = measure::Median(vector);
  std::printf("| %-8s | %6.3f | %6.3f | %5.2f | %6.3f | %5.2f |\n", row.name, own, peer, peer / own, plain,
              plain / own);
}

}  // namespace
}  // namespace cllm

int main(int argc, char** argv) {
  if (const char* simd = std::getenv("CLLM_SIMD")) {
    if (const cllm::Status forced = cllm::ForceSimd(simd); !forced.ok()) {
      std::fprintf(stderr, "math_bench: %s\n", forced.message().c_str());
      return 2;
    }
  }
  const size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 15;
  const std::string simd = cllm::SimdName();
  std::printf("nanoseconds per element, %s, median of %zu rounds\n", simd.c_str(), rounds);
  std::printf(
      "| function | ours   | libmvec | speed against it | scalar | speed against it |\n|---|---|---|---|---|---|\n");
  for (const auto& row : cllm::kRows) cllm::Measure(row, rounds, simd == "avx512");
}
