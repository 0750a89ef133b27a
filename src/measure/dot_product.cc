#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "measure/dot_product.cc"
#include "measure/dot_product.h"

#include <cstddef>

#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace cllm::measure {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

float Dot(const float* x, const float* y, size_t n) {
  constexpr size_t kChains = 4;
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> chain[kChains];
#pragma GCC unroll 4
  for (size_t c = 0; c < kChains; ++c) chain[c] = hn::Zero(d);
  size_t i = 0;
  for (; i + kChains * lanes <= n; i += kChains * lanes) {
#pragma GCC unroll 4
    for (size_t c = 0; c < kChains; ++c) {
      chain[c] = hn::MulAdd(hn::LoadU(d, x + i + c * lanes), hn::LoadU(d, y + i + c * lanes), chain[c]);
    }
  }
  for (; i + lanes <= n; i += lanes) chain[0] = hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, y + i), chain[0]);
  const auto sum = hn::Add(hn::Add(chain[0], chain[1]), hn::Add(chain[2], chain[3]));
  float rest = 0;
  for (; i < n; ++i) rest += x[i] * y[i];
  return hn::GetLane(hn::SumOfLanes(d, sum)) + rest;
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm::measure
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm::measure {

HWY_EXPORT(Dot);

float DotProduct(const float* x, const float* y, size_t n) { return HWY_DYNAMIC_DISPATCH(Dot)(x, y, n); }

}  // namespace cllm::measure
#endif  // HWY_ONCE
