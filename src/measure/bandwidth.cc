#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "measure/bandwidth.cc"
#include "measure/bandwidth.h"

#include <cstddef>

#include "base/check.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "measure/measure.h"

HWY_BEFORE_NAMESPACE();
namespace cllm::measure {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Four places are read at once, each from one end to the other: with a single one 31 GB/s of a working set beyond the
// caches were seen, with four 51, with eight no more (one core of a Zen 3). The result depends on every element.
HWY_NOINLINE float ReadAll(const float* data, size_t floats) {
  constexpr size_t kPlaces = 4, kVectors = 2, kChains = kPlaces * kVectors;
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d), stride = kVectors * lanes, part = floats / kPlaces / stride * stride;
  hn::Vec<decltype(d)> chain[kChains];
#pragma GCC unroll 8
  for (size_t c = 0; c < kChains; ++c) chain[c] = hn::Zero(d);
  for (size_t i = 0; i < part; i += stride) {
#pragma GCC unroll 8
    for (size_t c = 0; c < kChains; ++c) {
      const float* place = data + c / kVectors * part + c % kVectors * lanes;
      chain[c] = hn::Max(chain[c], hn::LoadU(d, place + i));
    }
  }
  for (size_t i = kPlaces * part; i < floats; ++i) chain[0] = hn::Max(chain[0], hn::Set(d, data[i]));
#pragma GCC unroll 8
  for (size_t c = 1; c < kChains; ++c) chain[0] = hn::Max(chain[0], chain[c]);
  return hn::GetLane(hn::MaxOfLanes(d, chain[0]));
}

}  // namespace HWY_NAMESPACE
}  // namespace cllm::measure
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cllm::measure {

HWY_EXPORT(ReadAll);

double ReadRate(const float* data, size_t floats, double milliseconds) {
  float largest = HWY_DYNAMIC_DISPATCH(ReadAll)(data, floats);
  const double calls =
      CallsPerSecond(milliseconds, [&] { largest += HWY_DYNAMIC_DISPATCH(ReadAll)(data, floats); }, {});
  CHECK(largest >= 0);
  return calls * static_cast<double>(floats * sizeof(float));
}

}  // namespace cllm::measure
#endif  // HWY_ONCE
