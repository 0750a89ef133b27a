#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "spheres/barrier.h"
#include "spheres/items.h"
#include "spheres/permits.h"
#include "spheres/placement.h"
#include "spheres/team.h"
#include "monitor/sphere_statistics.h"
#include "spheres/topology.h"
#include "spheres/waiting.h"

// The thread hierarchy (design section 6): leaf spheres are worker threads, group spheres hold at most 12 of them and
// nest, Node Zero is the thread that plans and never processes items.
namespace cllm {

inline constexpr size_t kMaxLeaves = 4096;

// The leaf a piece of work runs on.
struct Leaf {
  size_t index = 0;         // [0, leaves)
  size_t cache_domain = 0;  // [0, Spheres::cache_domains()): leaves of a domain share an accumulator
  // The run permit it holds: [0, Spheres::team_size()). No two leaves that work at the same time hold the same, so it
  // picks scratch that is too large to exist once for each leaf.
  size_t permit = 0;
};

struct SpheresOptions {
  size_t leaves = 0;   // 0: one per usable core; at most kMaxLeaves
  size_t permits = 0;  // 0: one per usable core; one per leaf while the hardware threads of the cores suffice
  // A deliberately shuffled work order for tests: 0 is the natural order, any other value a permutation of the items.
  uint64_t shuffle = 0;
};

// What Start would use with these options, for estimates before the start.
struct SpherePlan {
  size_t leaves = 0;
  size_t permits = 0;
  size_t cache_domains = 0;
};
SpherePlan PlanSpheres(const SpheresOptions& options);

// The leaves of one process. What runs a phase, Statistics and the destructor belong to Node Zero, the thread that
// plans; a destructor on another thread stops a Run in progress, which returns "stopped". None may be called from work.
class Spheres {
 public:
  // Starts the leaves and pins them where the system allows it. Returns once all are ready.
  static Result<std::unique_ptr<Spheres>> Start(const SpheresOptions& options);
  ~Spheres();  // stops (also between items of a phase in progress) and joins
  Spheres(const Spheres&) = delete;
  Spheres& operator=(const Spheres&) = delete;

  // Runs `work(leaf, item)` for every item in [0, items) and waits until all are done (one barrier). Work runs on the
  // leaves only, under a run permit. When items >= leaves, every leaf processes at least one. After an error no new
  // items start; the error of the lowest item that failed is returned. An exception of work is such an error.
  // `meanwhile` (may be empty) runs on the calling thread, Node Zero, while the leaves work. REQUIRES: items < 2^32.
  using Work = std::function<Status(Leaf& leaf, size_t item)>;
  Status Run(size_t items, const Work& work, const std::function<void()>& meanwhile = {});

  // Runs `work(leaf)` once on every leaf under a run permit, also after an error on another; the error of the lowest
  // leaf that failed is returned. An exception of work is such an error. Once begun, it is finished even when the
  // spheres are being stopped.
  using LeafWork = std::function<Status(Leaf& leaf)>;
  Status OnEachLeaf(const LeafWork& work);

  // Runs `work(leaf, team)` once on each of `members` leaves at the same time, the same leaves whenever the number is
  // the same, and waits until all are done. Members may wait for each other (Team::Meet), so a phase that has begun is
  // finished even when the spheres are being stopped, and work cannot fail. REQUIRES: 1 <= members <= team_size();
  // work throws nothing. Allocates nothing. An error ("stopped") means that no work has begun.
  using TeamWork = std::function<void(Leaf& leaf, const Team& team)>;
  Status RunTeam(size_t members, const TeamWork& work);
  // The most leaves that work at once, and so members of a team: each needs a run permit.
  size_t team_size() const { return std::min(slots_.size(), permit_count_); }

  size_t leaves() const { return slots_.size(); }
  size_t cache_domains() const { return placement_.cache_domains; }
  // Called by work on its own leaf.
  void Count(const Leaf& leaf, uint64_t tokens, double accumulation_s);
  // Adds to the bytes that exist for a leaf (a negative number takes away): by work on that leaf, or between phases.
  void Hold(size_t leaf, int64_t bytes) { slots_[leaf].statistics.bytes += static_cast<uint64_t>(bytes); }
  SphereStatistics Statistics() const;                             // since the start; called between phases
  const std::string& pin_warning() const { return pin_warning_; }  // empty, or the one sentence on a failed pin

 private:
  // What belongs to a leaf. Written by its thread during a phase, read by Node Zero between phases.
  struct alignas(64) Slot {
    Leaf leaf;
    LeafStatistics statistics;
    Status error;  // of error_item: the lowest of its items that failed in this phase
    size_t error_item = 0;
    Status pin;
    std::jthread thread;
  };
  // What a leaf does in a phase; called on each leaf's thread.
  using Part = std::function<void(Slot& slot)>;

  Spheres(const SpheresOptions& options, const Machine& machine);
  // Starts the threads and waits until each is pinned. `topology` is used during the call only.
  Status StartLeaves(const Topology& topology);
  void NotePins();

  // On a leaf's thread.
  void LeafMain(Slot& slot, const Topology& topology);
  void WorkThroughItems(Slot& slot);
  void Process(Slot& slot, const Items::Claim& claim);
  void WorkOnce(Slot& slot, const LeafWork& work);
  void WorkInTeam(Slot& slot, TeamBarrier& barrier, size_t members, const TeamWork& work) noexcept;
  bool MayStartItem() const;

  // On Node Zero.
  Clock::time_point OpenPhase(const Part& part);
  void AwaitPhaseEnd(Clock::time_point start);
  Status LowestError() const;

  const uint64_t shuffle_;
  const Placement placement_;
  const size_t permit_count_;
  const size_t usable_cores_;
  const Spin leaf_spin_, node_zero_spin_;
  Barrier barrier_;
  Permits permits_;
  Items items_;
  std::vector<Slot> slots_;
  std::string pin_warning_;

  // The phase in progress: written by Node Zero before it opens the phase.
  const Part* part_ = nullptr;
  const Work* work_ = nullptr;  // of a phase of items
  size_t item_count_ = 0;
  uint64_t phase_key_ = 0;
  uint64_t phases_ = 0;
  double phases_s_ = 0;
  bool exit_ = false;

  // Held by whatever runs a phase and by the destructor's last part, which so waits for a phase in progress to end.
  std::mutex run_mutex_;
  // Both are hints to start no further item, read relaxed: what they announce is passed on through the barrier.
  std::atomic<bool> failed_ = false;
  std::atomic<bool> stopping_ = false;
};

}  // namespace cllm
