#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cllm {

// What one leaf sphere did since its start. A plain value.
struct LeafStatistics {
  uint64_t items = 0;         // items processed
  uint64_t steals = 0;        // of them taken from another group
  uint64_t tokens = 0;        // reported by the work (Spheres::Count)
  uint64_t bytes = 0;         // of its state, as it reports (LeafState::Bytes)
  double busy_s = 0;          // inside work
  double waiting_s = 0;       // the rest of the phases: waking up, for permits, at barriers
  double accumulation_s = 0;  // inside accumulation, reported by the work
};

// What all spheres of a process did since their start. A plain value.
struct SphereStatistics {
  std::vector<LeafStatistics> leaves;
  struct Group {
    size_t level = 0, first_leaf = 0, leaves = 0;
    uint64_t items = 0, steals = 0;
    double busy_s = 0, waiting_s = 0;
  };
  std::vector<Group> groups;  // level 1 groups first, then the nesting
  size_t permits = 0;
  // All leaves of each process that trains together with this one, which is the first; none where it is alone, and
  // between evaluations.
  struct OfRank {
    uint64_t leaves = 0, items = 0, tokens = 0;
    double busy_s = 0, waiting_s = 0, accumulation_s = 0;
  };
  std::vector<OfRank> ranks = {};
};

}  // namespace cllm
