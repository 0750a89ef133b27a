#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "spheres/placement.h"

namespace cllm {

// Hands the items of a phase out to the leaves without a mutex. Each level 1 group owns a contiguous share; a leaf
// takes from its group's share, then steals from the nearest groups that have some to spare.
//
// When there are at least as many items as leaves, every leaf gets one: a leaf's second item and a thief's item are
// handed out only while the share holds more than one item for each leaf of that group that has not come yet.
// Thread-safe, Deal aside.
class Items {
 public:
  explicit Items(const Placement& placement);

  struct Claim {
    size_t position = 0;  // [0, items) of the last Deal
    bool stolen = false;
  };

  // Starts a phase of `items` positions. REQUIRES: items < 2^32; no leaf is claiming.
  void Deal(size_t items);
  // The leaf's first claim in the phase: what is reserved for it, or what Next gives. Called once per leaf and phase.
  std::optional<Claim> First(size_t group);
  // A further claim. Empty means that nothing is left for this leaf in this phase.
  std::optional<Claim> Next(size_t group);
  // Positions that nobody claimed. REQUIRES: no leaf is claiming.
  size_t Left() const;

 private:
  struct alignas(64) Share {
    // Positions left (low half) and leaves of the group that have not come yet (high half), changed together so that
    // the rule above holds at every moment.
    std::atomic<uint64_t> counter = 0;
    size_t end = 0;  // positions go out as end - left
  };

  std::optional<size_t> TakeSpare(Share& share);

  std::vector<GroupSphere> groups_;  // level 1
  std::vector<Share> shares_;        // one for each
  size_t leaves_;
};

}  // namespace cllm
