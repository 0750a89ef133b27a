#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/peak.cc"
#include "hwy/foreach_target.h"

#include "hwy/highway.h"

#include <time.h>

#include <cstddef>

#include "base/check.h"
#include "kernels/gemm/bf16_tile.h"
#include "kernels/peak.h"

HWY_BEFORE_NAMESPACE();
namespace cllm {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// 12 chains hide a latency of up to 6 cycles on two units and fit the 16 registers of AVX2.
constexpr size_t kChains = 12;

// Runs `rounds` of kChains dependent steps from `start`. The result depends on every step and the next call starts from
// it, so no compiler can leave out a step or a call.
HWY_NOINLINE float MultiplyAddRounds(float start, size_t rounds) {
  const hn::ScalableTag<float> d;
  const auto factor = hn::Set(d, 0.999f);
  const auto term = hn::Set(d, 0.001f);
  hn::Vec<decltype(d)> chain[kChains];
#pragma GCC unroll 16
  for (size_t i = 0; i < kChains; ++i) chain[i] = hn::Set(d, start + static_cast<float>(i));
  for (size_t round = 0; round < rounds; ++round) {
#pragma GCC unroll 16
    for (size_t i = 0; i < kChains; ++i) chain[i] = hn::MulAdd(chain[i], factor, term);
  }
  auto sum = chain[0];
#pragma GCC unroll 16
  for (size_t i = 1; i < kChains; ++i) sum = hn::Add(sum, chain[i]);
  return hn::GetLane(sum);
}

size_t FlopPerRound() { return kChains * HWY_LANES(float) * 2; }

}  // namespace HWY_NAMESPACE
}  // namespace cllm
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm {
namespace {

HWY_EXPORT(MultiplyAddRounds);
HWY_EXPORT(FlopPerRound);

}  // namespace

double ThreadSeconds() {
  timespec now = {};
  CHECK(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double PeakGflops(double milliseconds, Precision precision) {
  constexpr size_t kRoundsPerCall = 10000;
  const bool dot = precision == Precision::kBf16 && !EmulatesBf16();
  const double begin = ThreadSeconds();
  size_t calls = 0;
  double seconds = 0;
  float last = 0;
  do {
    last = dot ? Bf16DotRounds(last, kRoundsPerCall)
               : HWY_DYNAMIC_DISPATCH(MultiplyAddRounds)(last, kRoundsPerCall);
    ++calls;
    seconds = ThreadSeconds() - begin;
  } while (seconds * 1e3 < milliseconds);
  CHECK(last > 0);
  const size_t flop_per_round = dot ? kBf16FlopPerRound : HWY_DYNAMIC_DISPATCH(FlopPerRound)();
  const double flop = static_cast<double>(calls * kRoundsPerCall * flop_per_round);
  return flop / seconds * 1e-9;
}

}  // namespace cllm
#endif  // HWY_ONCE
