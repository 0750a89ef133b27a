#include "train/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "math/scalar.h"

namespace cllm {
namespace {

// Where a step stands in its segment, as a part of a whole.
struct Position {
  double part, whole;
};

Position PositionOf(const ScheduleSegment& segment, uint64_t step) {
  if (segment.pace.empty()) {
    return {static_cast<double>(step - segment.begin), static_cast<double>(segment.end - segment.begin)};
  }
  const auto after = std::upper_bound(segment.pace.begin(), segment.pace.end(), step,
                                      [](uint64_t s, const Breakpoint& point) { return s < point.step; });
  const Breakpoint& from = *std::prev(after);
  const double share = static_cast<double>(step - from.step) / static_cast<double>(after->step - from.step);
  return {from.fraction + (after->fraction - from.fraction) * share, 1};
}

ScheduleSegment Following(const ScheduleSegment& last) {
  return {.begin = last.end, .end = last.end, .warmup = last.warmup, .factor = last.factor / 2};
}

// From 0 straight to 1: a segment whose position is counted in steps, as one of named steps.
bool IsEven(std::span<const Breakpoint> pace) { return pace.size() == 2 && pace.back().fraction == 1; }

std::vector<Breakpoint> PaceOf(const ScheduleSegment& segment) {
  if (!segment.pace.empty()) return segment.pace;
  return {{segment.begin, 0}, {segment.end, 1}};
}

}  // namespace

double Schedule::Factor(uint64_t step) const {
  CHECK(step < total());
  const auto segment = std::find_if(segments.begin(), segments.end(), [&](const auto& s) { return step < s.end; });
  const double s = static_cast<double>(step - segment->begin);
  const auto [part, whole] = PositionOf(*segment, step);
  const double warm = segment->warmup == 0 ? 1.0 : std::min(1.0, (s + 1) / static_cast<double>(segment->warmup));
  constexpr double kPi = 3.141592653589793;
  return segment->factor * warm * (0.1 + 0.45 * (1 + math::Cos(kPi * part / whole)));
}

void Schedule::Extend(uint64_t new_total) {
  CHECK(!segments.empty() && !open() && new_total > total());
  segments.push_back(Following(segments.back()));
  segments.back().end = new_total;
}

void Schedule::ExtendOpen() {
  CHECK(!segments.empty() && !open());
  segments.push_back(Following(segments.back()));
  segments.back().pace = {{total(), 0}};
}

void Schedule::Decide(const Breakpoint& next) {
  CHECK(open() && next.step > total() && next.fraction > fraction() && next.fraction <= 1);
  ScheduleSegment& segment = segments.back();
  segment.pace.push_back(next);
  segment.end = next.step;
  if (IsEven(segment.pace)) segment.pace.clear();
}

std::vector<Breakpoint> Schedule::Pace() const {
  if (segments.size() == 1 && segments.front().pace.empty()) return {};
  std::vector<Breakpoint> pace;
  for (const ScheduleSegment& segment : segments) {
    const std::vector<Breakpoint> own = PaceOf(segment);
    pace.insert(pace.end(), own.begin(), own.end());
  }
  return pace;
}

Result<Schedule> Schedule::FromPace(std::span<const Breakpoint> pace, uint64_t warmup) {
  Schedule schedule;
  while (!pace.empty()) {
    size_t length = 1;
    while (length < pace.size() && pace[length].fraction != 0) ++length;
    const std::span<const Breakpoint> own = pace.first(length);
    CLLM_TRY(CheckPace(own));
    if (own.front().step != schedule.total() || schedule.open()) {
      return BadInput(fmt::format("the pace begins again at step {}, expected {}", own.front().step, schedule.total()));
    }
    ScheduleSegment segment = schedule.segments.empty() ? ScheduleSegment{.warmup = warmup}
                                                        : Following(schedule.segments.back());
    segment.end = own.back().step;
    if (!IsEven(own)) segment.pace.assign(own.begin(), own.end());
    schedule.segments.push_back(std::move(segment));
    pace = pace.subspan(length);
  }
  return schedule;
}

bool Schedule::Continues(const Schedule& other) const {
  if (other.segments.size() > segments.size()) return false;
  for (size_t i = 0; i < other.segments.size(); ++i) {
    const ScheduleSegment &mine = segments[i], &theirs = other.segments[i];
    if (mine.begin != theirs.begin || mine.warmup != theirs.warmup || mine.factor != theirs.factor) return false;
    const std::vector<Breakpoint> more = PaceOf(mine), less = PaceOf(theirs);
    if (more.size() < less.size() || !std::equal(less.begin(), less.end(), more.begin())) return false;
  }
  return true;
}

Schedule OpenSchedule(uint64_t warmup) { return {{{.warmup = warmup, .pace = {{0, 0}}}}}; }

Status CheckPace(std::span<const Breakpoint> pace) {
  for (size_t i = 0; i < pace.size(); ++i) {
    const auto& [step, fraction] = pace[i];
    const bool rises = i == 0 ? fraction == 0 : step > pace[i - 1].step && fraction > pace[i - 1].fraction;
    if (!rises || !(fraction <= 1)) {
      return BadInput(fmt::format("the pace has fraction {} at step {}, expected fractions from 0 to 1 that rise with "
                                  "the steps",
                                  fraction, step));
    }
  }
  return {};
}

}  // namespace cllm
