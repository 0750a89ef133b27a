#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"

// The thread hierarchy (design section 6): leaf spheres are worker threads, group spheres hold at most 12 of them and
// nest, Node Zero is the thread that plans and never processes items.
namespace cllm {

inline constexpr size_t kSphereFanOut = 12;
inline constexpr size_t kMaxLeaves = 4096;

// What a leaf sphere owns and writes; made on the leaf's own thread when it starts (first touch on its node).
// One worker only.
class LeafState {
 public:
  virtual ~LeafState() = default;
  // What it holds, for the statistics; asked between phases.
  virtual uint64_t Bytes() const { return 0; }
};

// The leaf a piece of work runs on.
struct Leaf {
  size_t index = 0;         // [0, leaves)
  size_t cache_domain = 0;  // [0, Spheres::cache_domains()): leaves of a domain share an accumulator
  LeafState* state = nullptr;
};

struct LeafStatistics {
  uint64_t items = 0;         // items processed
  uint64_t steals = 0;        // of them taken from another group
  uint64_t tokens = 0;        // reported by the work (Spheres::Count)
  uint64_t bytes = 0;         // of its state, as it reports (LeafState::Bytes)
  double busy_s = 0;          // inside work
  double waiting_s = 0;       // the rest of the phases: waking up, for permits, at barriers
  double accumulation_s = 0;  // inside accumulation, reported by the work
};

struct SphereStatistics {
  std::vector<LeafStatistics> leaves;
  struct Group {
    size_t level = 0, first_leaf = 0, leaves = 0;
    uint64_t items = 0, steals = 0;
    double busy_s = 0, waiting_s = 0;
  };
  std::vector<Group> groups;  // level 1 groups first, then the nesting
  size_t permits = 0;
};

struct SpheresOptions {
  size_t leaves = 0;   // 0: one per usable core; at most kMaxLeaves
  size_t permits = 0;  // 0: one per usable core; one per leaf while the hardware threads of the cores suffice
  // Makes a leaf's state on its own thread, where it is destroyed too; may be empty. An error stops the start and is
  // returned by it.
  std::function<Result<std::unique_ptr<LeafState>>(size_t leaf)> make_state = {};
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

// The leaves of one process. Run, Statistics and the destructor belong to Node Zero, the thread that plans; a
// destructor on another thread stops a Run in progress, which returns "stopped". Neither may be called from work.
class Spheres {
 public:
  // Starts the leaves, pins them where the system allows it, makes their states. Returns once all are ready.
  static Result<std::unique_ptr<Spheres>> Start(SpheresOptions options);
  virtual ~Spheres() = default;  // stops (also between items of a phase in progress) and joins

  // Runs `work(leaf, item)` for every item in [0, items) and waits until all are done (one barrier). Work runs on the
  // leaves only, under a run permit. When items >= leaves, every leaf processes at least one. After an error no new
  // items start; the error of the lowest item that failed is returned. An exception of work is such an error.
  // `meanwhile` (may be empty) runs on the calling thread, Node Zero, while the leaves work. REQUIRES: items < 2^32.
  using Work = std::function<Status(Leaf& leaf, size_t item)>;
  virtual Status Run(size_t items, const Work& work, const std::function<void()>& meanwhile = {}) = 0;

  virtual size_t leaves() const = 0;
  virtual size_t cache_domains() const = 0;
  // Called by work on its own leaf.
  virtual void Count(const Leaf& leaf, uint64_t tokens, double accumulation_s) = 0;
  virtual SphereStatistics Statistics() const = 0;  // since the start; called between phases
  virtual std::string pin_warning() const = 0;      // empty, or the one sentence on a failed pin
};

}  // namespace cllm
