#pragma once

#include <cstdint>
#include <vector>

namespace cllm {

// One stretch of the learning rate: linear warm-up over `warmup` steps, then a cosine to a tenth at `end`, all times
// `factor` (Loshchilov, Hutter 2017).
struct ScheduleSegment {
  uint64_t begin = 0, end = 0;  // steps [begin, end)
  uint64_t warmup = 100;
  double factor = 1;
};

// The learning rate over the whole run: one segment, and one more for each time the run was continued beyond its end.
struct Schedule {
  std::vector<ScheduleSegment> segments;

  uint64_t total() const { return segments.empty() ? 0 : segments.back().end; }
  // The factor on the peak rate at `step`: min(1, (s + 1) / warmup) * (0.1 + 0.45 (1 + cos(pi s / n))), s counted from
  // the segment's begin, n its length. REQUIRES: step < total().
  double Factor(uint64_t step) const;
  // Adds a segment from the present end to `total`, warming to half of the last one's peak.
  void Extend(uint64_t total);
};

}  // namespace cllm
