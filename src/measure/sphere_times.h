#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/process_usage.h"
#include "spheres/spheres.h"
#include "train/exact_step.h"

namespace cllm::measure {

// Where the time of a sphere went, in seconds: of a leaf, or of the leaves of a group together. A plain value.
struct SphereTimes {
  size_t first_leaf = 0, leaves = 1;
  uint64_t items = 0, steals = 0, tokens = 0;
  double items_s = 0;         // forward and backward, without accumulating
  double accumulation_s = 0;  // adding an item's gradient to the exact sum
  double reduction_s = 0;
  double update_s = 0;   // packing included
  double waiting_s = 0;  // of the phases: waking up, for a permit, for the others

  double busy_s() const { return items_s + accumulation_s + reduction_s + update_s; }
  SphereTimes& operator+=(const SphereTimes& other);
};

// Splits what the spheres count by the phases of a step. Keeps a reference. Node Zero only.
class PhaseTimes {
 public:
  explicit PhaseTimes(const Spheres& spheres) : spheres_(spheres) { Restart(); }

  // Forgets all so far. Called between phases.
  void Restart();
  // Counts what the leaves did since the last call to `phase`. Called at the end of a phase.
  void Ended(StepPhase phase);

  const std::vector<SphereTimes>& leaves() const { return leaves_; }
  // Of every group of leaves, then of groups of groups: as SphereStatistics has them.
  std::vector<SphereTimes> Groups() const;
  SphereTimes Sum() const;
  // Of all leaves' phases, from the opening to the last leaf's arrival.
  double phases_s() const { return phases_s_; }
  // Processor time of the process in a phase and on the way to it.
  double processor_s(StepPhase phase) const { return processor_s_[static_cast<size_t>(phase)]; }
  // What passed before counts to no phase: called when a step begins.
  void Begin() { last_processor_s_ = ReadProcessUsage().processor_s; }

 private:
  const Spheres& spheres_;
  SphereStatistics last_;
  std::vector<SphereTimes> leaves_;
  double phases_s_ = 0, last_processor_s_ = 0;
  std::array<double, kStepPhases> processor_s_{};
};

}  // namespace cllm::measure
