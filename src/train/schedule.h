#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/status.h"

namespace cllm {

// Where a stretch of the schedule stands at a step: 0 where it begins, 1 where it ends.
struct Breakpoint {
  uint64_t step = 0;
  double fraction = 0;
  bool operator==(const Breakpoint&) const = default;
};

// One stretch of the learning rate: linear warm-up over `warmup` steps, then a cosine to a tenth at `end`, all times
// `factor` (Loshchilov, Hutter 2017).
struct ScheduleSegment {
  uint64_t begin = 0, end = 0;  // steps [begin, end); of one that is open, those decided so far
  uint64_t warmup = 100;
  double factor = 1;
  // How the fraction rises, in straight lines; the first is {begin, 0}, the last step is `end`. None: evenly to 1.
  std::vector<Breakpoint> pace = {};

  // Its end is not decided yet: only the last one of a schedule may be so.
  bool open() const { return !pace.empty() && pace.back().fraction < 1; }
};

// The learning rate over the whole run: one segment, and one more for each time the run was continued beyond its end.
// A run by time decides its pace on the way, before the steps that follow it.
struct Schedule {
  std::vector<ScheduleSegment> segments;

  uint64_t total() const { return segments.empty() ? 0 : segments.back().end; }  // steps that are decided
  bool open() const { return !segments.empty() && segments.back().open(); }
  bool EndsAt(uint64_t step) const { return !open() && step >= total(); }
  // The fraction of the last segment that its decided steps are.
  double fraction() const { return open() ? segments.back().pace.back().fraction : 1; }
  // The factor on the peak rate at `step`: min(1, (s + 1) / warmup) * (0.1 + 0.45 (1 + cos(pi f))), s counted from
  // the segment's begin, f the fraction there: s / n of a segment of n steps without a pace. REQUIRES: step < total().
  double Factor(uint64_t step) const;

  // Adds a segment from the present end to `total`, warming to half of the last one's peak. REQUIRES: not open.
  void Extend(uint64_t total);
  // The same with an end that is decided on the way. REQUIRES: not open.
  void ExtendOpen();
  // Decides the open segment up to `next`. REQUIRES: open, next.step > total(), fraction() < next.fraction <= 1.
  void Decide(const Breakpoint& next);

  // The whole as breakpoints, each segment from fraction 0 on; none of a single segment without a pace.
  std::vector<Breakpoint> Pace() const;
  // What Pace() gave. Error (BadInput): it is none.
  static Result<Schedule> FromPace(std::span<const Breakpoint> pace, uint64_t warmup);
  // Whether this says all that `other` does, and perhaps more.
  bool Continues(const Schedule& other) const;
};

// An open schedule of which no step is decided.
Schedule OpenSchedule(uint64_t warmup);
// BadInput unless it is the pace of one segment: it begins with fraction 0, and both rise to 1 at most.
Status CheckPace(std::span<const Breakpoint> pace);

}  // namespace cllm
