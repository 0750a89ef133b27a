#include "measure/step_model.h"

#include <algorithm>

#include "base/check.h"
#include "base/random.h"
#include "spheres/placement.h"

namespace cllm::measure {
namespace {

struct Point {
  double x = 0, y = 0;
};

// y = at_zero + slope * x.
struct Line {
  double at_zero = 0, slope = 0;
};

// Least squares with both coefficients at or above zero; a single x gives no slope.
Line FitLine(std::span<const Point> points) {
  const double n = static_cast<double>(points.size());
  double x = 0, y = 0, xx = 0, xy = 0;
  for (const Point& p : points) {
    x += p.x / n;
    y += p.y / n;
  }
  for (const Point& p : points) {
    xx += (p.x - x) * (p.x - x);
    xy += (p.x - x) * (p.y - y);
  }
  const double slope = xx > 0 ? xy / xx : 0;
  if (slope <= 0) return {y, 0};
  if (y - slope * x >= 0) return {y - slope * x, slope};
  double squares = 0, products = 0;  // through the origin
  for (const Point& p : points) {
    squares += p.x * p.x;
    products += p.x * p.y;
  }
  return {0, products / squares};
}

double Rounds(size_t items, size_t threads, ItemRounds rounds) {
  const double even = static_cast<double>(items) / static_cast<double>(threads);
  return rounds == ItemRounds::kEven ? even : static_cast<double>((items + threads - 1) / threads);
}

double Slowdown(double factor, size_t threads) { return 1 + factor * static_cast<double>(threads - 1); }

// The relative slope of a line over further threads.
double Relative(const Line& line) { return line.at_zero > 0 ? line.slope / line.at_zero : 0; }

}  // namespace

size_t BarrierHops(size_t threads) {
  size_t hops = 0;
  while (threads > kSphereFanOut) {
    const size_t groups = (threads + kSphereFanOut - 1) / kSphereFanOut;
    hops += (threads + groups - 1) / groups;
    threads = groups;
  }
  return hops + threads;
}

StepModel FitStepModel(const StepWork& work, std::span<const StepArm> arms) {
  CHECK(!arms.empty());
  std::vector<Point> barriers, items, other, memory;
  StepModel model{.items = work.items, .phases = work.phases, .items_bytes = work.items_bytes,
                  .other_bytes = work.other_bytes};
  for (const StepArm& arm : arms) {
    barriers.push_back({static_cast<double>(BarrierHops(arm.threads)), arm.barrier_s});
    model.serial_s += arm.serial_s / static_cast<double>(arms.size());
  }
  const Line barrier = FitLine(barriers);
  model.barrier_s = barrier.at_zero;
  model.hop_s = barrier.slope;
  for (const StepArm& arm : arms) {
    const double n = static_cast<double>(arm.threads), further = n - 1;
    items.push_back({further, arm.items_s / static_cast<double>(work.items)});
    other.push_back({further, arm.other_s});
    if (arm.bandwidth > 0) memory.push_back({further, n / arm.bandwidth});
  }
  const Line item = FitLine(items), others = FitLine(other);
  model.item_s = item.at_zero;
  model.item_slowdown = Relative(item);
  model.other_s = others.at_zero;
  model.other_slowdown = Relative(others);
  if (!memory.empty()) {
    const Line byte = FitLine(memory);
    model.bandwidth = 1 / byte.at_zero;
    model.bandwidth_slowdown = Relative(byte);
  }
  return model;
}

StepParts PredictStep(const StepModel& model, size_t threads, ItemRounds rounds) {
  CHECK(threads >= 1);
  const double n = static_cast<double>(threads);
  const double bandwidth = model.bandwidth * n / Slowdown(model.bandwidth_slowdown, threads);
  const auto at_least = [&](double seconds, double bytes) {
    return bandwidth > 0 ? std::max(seconds, bytes / bandwidth) : seconds;
  };
  const double items =
      Rounds(model.items, threads, rounds) * model.item_s * Slowdown(model.item_slowdown, threads);
  const double other = model.other_s / n * Slowdown(model.other_slowdown, threads);
  const double barrier = model.barrier_s + model.hop_s * static_cast<double>(BarrierHops(threads));
  return {.items_s = at_least(items, model.items_bytes),
          .other_s = at_least(other, model.other_bytes),
          .serial_s = model.serial_s,
          .barriers_s = static_cast<double>(model.phases) * barrier};
}

double PredictSpeedUp(const StepModel& model, size_t threads, ItemRounds rounds) {
  return PredictStep(model, 1).total() / PredictStep(model, threads, rounds).total();
}

StepArm LeastArm(const StepRounds& rounds) {
  return {.threads = rounds.threads,
          .items_s = *std::min_element(rounds.items_s.begin(), rounds.items_s.end()),
          .other_s = *std::min_element(rounds.other_s.begin(), rounds.other_s.end()),
          .serial_s = *std::min_element(rounds.serial_s.begin(), rounds.serial_s.end()),
          .barrier_s = rounds.barrier_s,
          .bandwidth = rounds.bandwidth};
}

Interval PredictInterval(const StepWork& work, std::span<const StepRounds> arms, size_t threads) {
  constexpr uint64_t kDrawings = 200, kKey = 15;
  CHECK(!arms.empty());
  const size_t rounds = arms.front().items_s.size();
  std::vector<double> speed_ups;
  for (uint64_t drawing = 0; drawing < kDrawings; ++drawing) {
    std::vector<StepArm> drawn;
    for (const StepRounds& arm : arms) {
      StepRounds sample{.threads = arm.threads, .barrier_s = arm.barrier_s, .bandwidth = arm.bandwidth};
      for (size_t i = 0; i < rounds; ++i) {
        const size_t round = static_cast<size_t>(RandomBits(SubKey(kKey, drawing), i) % rounds);
        sample.items_s.push_back(arm.items_s[round]);
        sample.other_s.push_back(arm.other_s[round]);
        sample.serial_s.push_back(arm.serial_s[round]);
      }
      drawn.push_back(LeastArm(sample));
    }
    speed_ups.push_back(PredictSpeedUp(FitStepModel(work, drawn), threads));
  }
  std::sort(speed_ups.begin(), speed_ups.end());
  return {speed_ups[kDrawings / 20], speed_ups[kDrawings - 1 - kDrawings / 20]};
}

}  // namespace cllm::measure
