#include "train/schedule.h"

#include <algorithm>

#include "base/check.h"
#include "math/scalar.h"

namespace cllm {

double Schedule::Factor(uint64_t step) const {
  CHECK(step < total());
  const auto segment = std::find_if(segments.begin(), segments.end(), [&](const auto& s) { return step < s.end; });
  const double s = static_cast<double>(step - segment->begin);
  const double length = static_cast<double>(segment->end - segment->begin);
  const double warm = segment->warmup == 0 ? 1.0 : std::min(1.0, (s + 1) / static_cast<double>(segment->warmup));
  constexpr double kPi = 3.141592653589793;
  return segment->factor * warm * (0.1 + 0.45 * (1 + math::Cos(kPi * s / length)));
}

void Schedule::Extend(uint64_t new_total) {
  CHECK(!segments.empty() && new_total > total());
  const ScheduleSegment& last = segments.back();
  segments.push_back({.begin = last.end, .end = new_total, .warmup = last.warmup, .factor = last.factor / 2});
}

}  // namespace cllm
