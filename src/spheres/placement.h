#pragma once

#include <cstddef>
#include <vector>

#include "spheres/topology.h"

namespace cllm {

inline constexpr size_t kSphereFanOut = 12;

// A node of the sphere tree above the leaves: at most kSphereFanOut children, which cover consecutive leaves.
struct GroupSphere {
  size_t level = 1;       // 1: its children are leaves; n: groups of level n - 1
  size_t first_leaf = 0;  // the leaves below it: [first_leaf, first_leaf + leaves)
  size_t leaves = 0;
  size_t children = 0;  // [1, kSphereFanOut]
  size_t parent = 0;    // index of the group above; its own index at the top
};

struct LeafPlace {
  size_t group = 0;                             // of level 1
  size_t cache_domain = 0;                      // [0, Placement::cache_domains)
  std::vector<unsigned> hardware_threads = {};  // to bind it to; empty: the operating system places it
};

// Where leaves run and how they are grouped. Immutable.
struct Placement {
  std::vector<LeafPlace> leaves;
  std::vector<GroupSphere> groups;  // level 1 in order of their leaves, then level 2 and so on; the last is the top
  size_t level_one_groups = 0;
  size_t cache_domains = 0;
};

// Spreads `leaves` (at least 1) over the machine.
//
// Cache domains are the last-level caches; NUMA nodes where a cache serves fewer than two usable cores on average (some
// virtual machines report a cache for each core, and an accumulator for each core would waste memory).
// Groups hold leaves of one cache domain, or several whole small domains of one NUMA node; the leaves of a large domain
// are cut into groups of equal size.
// Leaves are bound only where they fill the machine (each to a core of its own) or overfill several domains (each to
// its domain). Fewer leaves than cores, and leaves under a CPU quota, stay free: two programs that both bind themselves
// to the first cores would share these while the others idle.
Placement PlaceLeaves(const Machine& machine, size_t leaves);

}  // namespace cllm
