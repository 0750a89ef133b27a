#include "kernels/gemm/bf16_tile.h"

#include "base/check.h"

#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "base/system.h"

// Of single functions, not of the file: nothing that other files share may be compiled for AVX-512.
#define CLLM_BF16_TARGET __attribute__((target("avx512f,avx512bf16")))

namespace cllm {
namespace {

constexpr size_t kLanes = 16;
constexpr size_t kVectors = 2;

// Sixteen dots of two products: the odd elements' first, then the even ones', each a fused multiply-add.
CLLM_BF16_TARGET inline __m512 AddDots(__m512 sum, __m512i left, __m512i right) {
  return _mm512_dpbf16_ps(sum, (__m512bh)left, (__m512bh)right);
}

// As many products by fused multiply-adds.
CLLM_BF16_TARGET inline __m512 AddTwice(__m512 sum, __m512i left, __m512i right) {
  const __m512 odd = _mm512_fmadd_ps(_mm512_castsi512_ps(left), _mm512_castsi512_ps(right), sum);
  return _mm512_fmadd_ps(_mm512_castsi512_ps(left), _mm512_castsi512_ps(right), odd);
}

// `rounds` of kChains independent steps from `start`; the result depends on every one.
constexpr size_t kChains = 12;
template <__m512 (*kStep)(__m512, __m512i, __m512i)>
CLLM_BF16_TARGET float Rounds(float start, size_t rounds) {
  const __m512i factors = _mm512_set1_epi32(0x3f003f00);  // two bf16 halves, or a float of a half and a little
  __m512 chain[kChains];
#pragma GCC unroll 16
  for (size_t i = 0; i < kChains; ++i) chain[i] = _mm512_set1_ps(start + static_cast<float>(i));
  for (size_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kChains; ++i) chain[i] = kStep(chain[i], factors, factors);
  }
  __m512 sum = chain[0];
#pragma GCC unroll 16
  for (size_t i = 1; i < kChains; ++i) sum = _mm512_add_ps(sum, chain[i]);
  return _mm512_cvtss_f32(sum);
}

// Whether the dot instruction beats the multiply-adds: each one's best of several short loops, in turn, so that a
// processor that raises its clock meanwhile favours neither.
bool DotIsFaster() {
  constexpr size_t kTries = 8, kRounds = 1000;
  double dot_s = 1, twice_s = 1;
  float last = 0;
  const auto seconds = [&](auto rounds) {
    const double begin = MonotonicSeconds();
    last = rounds(last, kRounds);
    return MonotonicSeconds() - begin;
  };
  for (size_t i = 0; i < kTries; ++i) {
    dot_s = std::min(dot_s, seconds(&Rounds<&AddDots>));
    twice_s = std::min(twice_s, seconds(&Rounds<&AddTwice>));
  }
  CHECK(last > 0);
  return dot_s < twice_s;
}

std::atomic<bool>& DotInUse() {
  static std::atomic<bool> in_use = HasBf16Dot() && DotIsFaster();
  return in_use;
}

template <size_t kRows>
CLLM_BF16_TARGET void Bf16Tile(const TileShape& call, const float* a, const float* b, float* c) {
  const TileShape shape = call;
  __m512 sum[kRows][kVectors];
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (size_t v = 0; v < kVectors; ++v) {
      sum[r][v] = shape.into == GemmInto::kAdd ? _mm512_loadu_ps(c + r * shape.c_stride + v * kLanes)
                                               : _mm512_setzero_ps();
    }
  }
  for (size_t k = 0; k < shape.depth; ++k, a += shape.a_depth_stride, b += shape.b_row_stride) {
    const __m512i right[kVectors] = {_mm512_loadu_si512(b), _mm512_loadu_si512(b + kLanes)};
#pragma GCC unroll 16
    for (size_t r = 0; r < kRows; ++r) {
      const __m512i left = _mm512_castps_si512(_mm512_set1_ps(a[r * shape.a_row_stride]));
#pragma GCC unroll 2
      for (size_t v = 0; v < kVectors; ++v) sum[r][v] = AddDots(sum[r][v], left, right[v]);
    }
  }
#pragma GCC unroll 16
  for (size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (size_t v = 0; v < kVectors; ++v) _mm512_storeu_ps(c + r * shape.c_stride + v * kLanes, sum[r][v]);
  }
}

template <size_t... kRow>
constexpr std::array<TileFunction, kBf16TileRows> MakeTable(std::index_sequence<kRow...>) {
  return {&Bf16Tile<kRow + 1>...};
}

}  // namespace

bool HasBf16Dot() {
  static const bool has = __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512f");
  return has;
}

bool UsesBf16Dot() { return DotInUse().load(std::memory_order_relaxed); }

void ForceBf16Dot(bool use) {
  CHECK(HasBf16Dot() || !use);
  DotInUse().store(use, std::memory_order_relaxed);
}

const TileFunction* Bf16Tiles() {
  static constexpr auto kTiles = MakeTable(std::make_index_sequence<kBf16TileRows>());
  return kTiles.data();
}

float Bf16DotRounds(float start, size_t rounds) {
  static_assert(kChains * 4 * kLanes == kBf16FlopPerRound);
  return Rounds<&AddDots>(start, rounds);
}

}  // namespace cllm

#else

namespace cllm {

bool HasBf16Dot() { return false; }

bool UsesBf16Dot() { return false; }

void ForceBf16Dot(bool use) { CHECK(!use); }

const TileFunction* Bf16Tiles() {
  CHECK(HasBf16Dot());
  return nullptr;
}

float Bf16DotRounds(float start, size_t /*rounds*/) {
  CHECK(HasBf16Dot());
  return start;
}

}  // namespace cllm

#endif
