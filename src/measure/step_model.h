#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace cllm::measure {

// Why a training step takes as long as it does on n threads that have a core each:
//
//   step(n)  = items(n) + other(n) + serial + phases * barrier(n)
//   items(n) = rounds(n) * item * (1 + k (n - 1)),  rounds(n) = ceil(items / n)
//   other(n) = work / n * (1 + q (n - 1))           reduction, update and packing
//   barrier(n) = b + c * hops(n)                    of a phase with nothing to do
//
// and items and other take no less than their bytes at the bandwidth of n threads, n r / (1 + m (n - 1)). The factors
// k, q and m (>= 0) say how much each further thread slows down all: what they share, the memory above all. Items and
// other work are fitted to processor time, in which whoever runs beside does not count: the model knows a machine of
// its own only. A plain value.
struct StepModel {
  size_t items = 0;   // of a step
  size_t phases = 0;  // barriers
  double item_s = 0, item_slowdown = 0;
  double other_s = 0, other_slowdown = 0;
  double serial_s = 0;  // on Node Zero, while the leaves rest
  double barrier_s = 0, hop_s = 0;
  double items_bytes = 0, other_bytes = 0;
  double bandwidth = 0, bandwidth_slowdown = 0;  // of one thread in bytes a second; 0: no bound
};

// A step in parts, in seconds.
struct StepParts {
  double items_s = 0, other_s = 0, serial_s = 0, barriers_s = 0;

  double total() const { return items_s + other_s + serial_s + barriers_s; }
};

// What the model is fitted to: a step measured on n threads with a core each.
struct StepArm {
  size_t threads = 1;
  double items_s = 0;    // processor time of all items
  double other_s = 0;    // processor time of reduction, update and packing
  double serial_s = 0;   // of the step, beside the phases
  double barrier_s = 0;  // of a phase with nothing to do
  double bandwidth = 0;  // of these threads together, bytes a second
};

// What a step consists of, whatever the number of threads.
struct StepWork {
  size_t items = 0, phases = 4;
  double items_bytes = 0, other_bytes = 0;
};

// Steps of the spheres' tree of barriers that lie one after another: of n leaves in groups of 12.
size_t BarrierHops(size_t threads);

// The model by least squares over the arms, each part for itself. One arm alone gives a model in which threads do not
// slow each other down. REQUIRES: arms not empty, their threads >= 1.
StepModel FitStepModel(const StepWork& work, std::span<const StepArm> arms);

// How the items of a step go out: whole ones to each thread, or, to show what that costs, evenly at any number.
enum class ItemRounds { kWhole, kEven };
// What the model says of a step on `threads` threads with a core each.
StepParts PredictStep(const StepModel& model, size_t threads, ItemRounds rounds = ItemRounds::kWhole);
// Steps in the time of one step on one thread.
double PredictSpeedUp(const StepModel& model, size_t threads, ItemRounds rounds = ItemRounds::kWhole);

// The measured rounds of an arm.
struct StepRounds {
  size_t threads = 1;
  std::vector<double> items_s = {}, other_s = {}, serial_s = {};  // a value for each round
  double barrier_s = 0, bandwidth = 0;
};
// The least of each part: what comes from outside, such as a host that clocks down or others in its caches, only adds.
StepArm LeastArm(const StepRounds& rounds);

// Between which figures the predicted speed-up lies when the rounds are drawn anew from those measured, the same ones
// for every arm: from the 5th to the 95th of 100 in 200 drawings, which depend on nothing else. What no arm shows (a
// cache that more cores share, a memory that is used up) is not in it.
struct Interval {
  double low = 0, high = 0;
};
Interval PredictInterval(const StepWork& work, std::span<const StepRounds> arms, size_t threads);

}  // namespace cllm::measure
