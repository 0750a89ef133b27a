#include "measure/machine_rates.h"

#include <vector>

#include "base/aligned_buffer.h"
#include "base/check.h"
#include "base/system.h"
#include "measure/bandwidth.h"
#include "measure/measure.h"
#include "spheres/spheres.h"

namespace cllm::measure {

double EmptyPhaseSeconds(size_t threads) {
  constexpr size_t kPhases = 401;
  const auto spheres = Spheres::Start({.leaves = threads});
  CHECK(spheres.ok());
  std::vector<double> seconds;
  for (size_t i = 0; i < kPhases; ++i) {
    const double begin = MonotonicSeconds();
    CHECK((*spheres)->OnEachLeaf([](Leaf&) -> Status { return {}; }).ok());
    seconds.push_back(MonotonicSeconds() - begin);
  }
  return Median(seconds);
}

double JointReadRate(size_t threads) {
  constexpr size_t kFloats = kJointReadBytes / sizeof(float);
  constexpr double kReadMilliseconds = 100;
  AlignedBuffer<float> buffer(kFloats);
  for (float& x : buffer.span()) x = 1;
  const size_t part = kFloats / threads;
  std::vector<double> rates;
  for (size_t round = 0; round < kMinRounds; ++round) {
    rates.push_back(
        JointRate(threads, [&](size_t i) { return ReadRate(buffer.data() + i * part, part, kReadMilliseconds); }));
  }
  return Median(rates);
}

}  // namespace cllm::measure
