#include "spheres/spheres.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/random.h"
#include "spheres/barrier.h"
#include "spheres/items.h"
#include "spheres/leaf_thread.h"
#include "spheres/permits.h"
#include "spheres/placement.h"
#include "spheres/topology.h"
#include "spheres/waiting.h"

namespace cllm {
namespace {

size_t LeavesFor(const SpheresOptions& options, const Machine& machine) {
  return options.leaves > 0 ? options.leaves : machine.UsableCores();
}

size_t PermitsFor(const SpheresOptions& options, const Machine& machine) {
  if (options.permits > 0) return options.permits;
  const size_t leaves = LeavesFor(options, machine);
  return leaves <= machine.UsableHardwareThreads() ? leaves : machine.UsableCores();
}

// Calls `function`, which returns a Status; an exception becomes an error that starts with `what`.
template <typename Function>
Status Guarded(const std::string& what, const Function& function) {
  try {
    return function();
  } catch (const std::exception& e) {
    return Failed(what + " threw an exception: " + e.what());
  } catch (...) {
    return Failed(what + " threw an exception of unknown type");
  }
}

// The one implementation of Spheres. A phase passes through the barrier twice: Node Zero opens it, all leaves arrive.
class SphereTree final : public Spheres {
 public:
  SphereTree(SpheresOptions options, const Machine& machine);
  ~SphereTree() override;

  // Starts the threads and waits until each is pinned and has its state. `topology` is used during the call only.
  Status StartLeaves(const Topology& topology);

  Status Run(size_t items, const Work& work, const std::function<void()>& meanwhile) override;
  size_t leaves() const override { return slots_.size(); }
  size_t cache_domains() const override { return placement_.cache_domains; }
  void Count(const Leaf& leaf, uint64_t tokens, double accumulation_s) override;
  SphereStatistics Statistics() const override;
  std::string pin_warning() const override { return pin_warning_; }

 private:
  // What belongs to a leaf. Written by its thread during a phase, read by Node Zero between phases.
  struct alignas(64) Slot {
    Leaf leaf;
    std::unique_ptr<LeafState> state;
    LeafStatistics statistics;
    Status error;  // of error_item: the lowest of its items that failed in this phase
    size_t error_item = 0;
    Status pin;
    std::jthread thread;
  };

  void LeafMain(Slot& slot, const Topology& topology);
  void PrepareLeaf(Slot& slot, const Topology& topology);
  void WorkThroughPhase(Slot& slot);
  void Process(Slot& slot, const Items::Claim& claim);
  bool MayStartItem() const;
  void NotePins();
  Status LowestError() const;

  const SpheresOptions options_;
  const Placement placement_;
  const size_t permit_count_;
  const Spin leaf_spin_, node_zero_spin_;
  Barrier barrier_;
  Permits permits_;
  Items items_;
  std::vector<Slot> slots_;
  std::string pin_warning_;

  // The phase in progress: written by Node Zero before it opens the phase.
  const Work* work_ = nullptr;
  size_t item_count_ = 0;
  uint64_t phase_key_ = 0;
  uint64_t phases_ = 0;
  double phases_s_ = 0;
  bool exit_ = false;

  // Held by Run and by the destructor's last part, which so waits for a Run in progress to leave.
  std::mutex run_mutex_;
  // Both are hints to start no further item, read relaxed: what they announce is passed on through the barrier.
  std::atomic<bool> failed_ = false;
  std::atomic<bool> stopping_ = false;
};

SphereTree::SphereTree(SpheresOptions options, const Machine& machine)
    : options_(std::move(options)),
      placement_(PlaceLeaves(machine, LeavesFor(options_, machine))),
      permit_count_(PermitsFor(options_, machine)),
      leaf_spin_(placement_.leaves.size() <= std::min(permit_count_, machine.UsableCores()) ? Spin::kBriefly
                                                                                            : Spin::kNever),
      node_zero_spin_(placement_.leaves.size() < machine.UsableCores() ? Spin::kBriefly : Spin::kNever),
      barrier_(placement_),
      permits_(permit_count_, placement_.leaves.size()),
      items_(placement_),
      slots_(placement_.leaves.size()) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].leaf = {.index = i, .cache_domain = placement_.leaves[i].cache_domain};
  }
}

SphereTree::~SphereTree() {
  stopping_.store(true, std::memory_order_relaxed);
  const std::lock_guard lock(run_mutex_);
  exit_ = true;
  barrier_.OpenPhase();
  for (Slot& slot : slots_) {
    if (slot.thread.joinable()) slot.thread.join();
  }
}

Status SphereTree::StartLeaves(const Topology& topology) {
  Status status;
  for (size_t i = 0; i < slots_.size() && status.ok(); ++i) {
    try {
      slots_[i].thread = std::jthread([this, i, &topology] { LeafMain(slots_[i], topology); });
    } catch (const std::system_error& e) {
      status = NoResources("thread " + std::to_string(i + 1) + " of " + std::to_string(slots_.size()) +
                           " did not start: " + e.what() + "; use fewer threads or raise the limit (ulimit -u)");
    }
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    // In the place of leaves that do not exist, so that the others' arrivals complete the barrier.
    if (!slots_[i].thread.joinable()) barrier_.Arrive(placement_.leaves[i].group);
  }
  barrier_.AwaitArrivals(Spin::kNever);
  NotePins();
  return status.ok() ? LowestError() : status;
}

void SphereTree::NotePins() {
  size_t failures = 0;
  std::string reason;
  for (const Slot& slot : slots_) {
    if (slot.pin.ok()) continue;
    if (failures++ == 0) reason = slot.pin.message();
  }
  if (failures == 0) return;
  pin_warning_ = std::to_string(failures) + " of " + std::to_string(slots_.size()) +
                 " threads could not be pinned to their cores (" + reason + "); the system places them";
}

void SphereTree::PrepareLeaf(Slot& slot, const Topology& topology) {
  PrepareLeafThread();
  const std::vector<unsigned>& pins = placement_.leaves[slot.leaf.index].hardware_threads;
  if (!pins.empty()) slot.pin = topology.BindThread(pins);
  if (!options_.make_state) return;
  slot.error = Guarded("the start of thread " + std::to_string(slot.leaf.index), [&]() -> Status {
    CLLM_ASSIGN(slot.state, options_.make_state(slot.leaf.index));
    return {};
  });
  slot.leaf.state = slot.state.get();
}

void SphereTree::LeafMain(Slot& slot, const Topology& topology) {
  PrepareLeaf(slot, topology);
  const size_t group = placement_.leaves[slot.leaf.index].group;
  barrier_.Arrive(group);
  for (uint32_t phase = 0;;) {
    phase = barrier_.AwaitPhase(group, phase, leaf_spin_);
    if (exit_) break;
    WorkThroughPhase(slot);
    barrier_.Arrive(group);
  }
  slot.leaf.state = nullptr;
  slot.state.reset();
}

bool SphereTree::MayStartItem() const {
  return !failed_.load(std::memory_order_relaxed) && !stopping_.load(std::memory_order_relaxed);
}

// A leaf keeps its permit from item to item and gives it back when nothing is left for it: that keeps its context in
// the caches. The others' first items wait for them (Items).
void SphereTree::WorkThroughPhase(Slot& slot) {
  slot.error = {};
  permits_.Acquire();
  const size_t group = placement_.leaves[slot.leaf.index].group;
  if (MayStartItem()) {
    for (auto claim = items_.First(group); claim; claim = items_.Next(group)) {
      Process(slot, *claim);
      if (!MayStartItem()) break;
    }
  }
  permits_.Release();
}

void SphereTree::Process(Slot& slot, const Items::Claim& claim) {
  const size_t item = options_.shuffle == 0 ? claim.position : Permute(phase_key_, claim.position, item_count_);
  const Clock::time_point start = Clock::now();
  Status status = Guarded("work", [&] { return (*work_)(slot.leaf, item); });
  slot.statistics.busy_s += Seconds(Clock::now() - start);
  ++slot.statistics.items;
  slot.statistics.steals += claim.stolen;
  if (status.ok()) return;
  failed_.store(true, std::memory_order_relaxed);
  if (slot.error.ok() || item < slot.error_item) {
    slot.error = std::move(status);
    slot.error_item = item;
  }
}

Status SphereTree::LowestError() const {
  const Slot* lowest = nullptr;
  for (const Slot& slot : slots_) {
    if (slot.error.ok()) continue;
    if (lowest == nullptr || slot.error_item < lowest->error_item) lowest = &slot;
  }
  return lowest == nullptr ? Status() : lowest->error;
}

Status SphereTree::Run(size_t items, const Work& work, const std::function<void()>& meanwhile) {
  const std::lock_guard lock(run_mutex_);
  const auto run_meanwhile = [&]() -> Status {
    if (meanwhile) meanwhile();
    return {};
  };
  if (stopping_.load(std::memory_order_relaxed)) return Failed("stopped");
  if (items == 0) return Guarded("Node Zero", run_meanwhile);

  const Clock::time_point start = Clock::now();
  work_ = &work;
  item_count_ = items;
  phase_key_ = SubKey(options_.shuffle, phases_++);
  failed_.store(false, std::memory_order_relaxed);
  items_.Deal(items);
  barrier_.OpenPhase();
  const Status planned = Guarded("Node Zero", run_meanwhile);
  phases_s_ += Seconds(barrier_.AwaitArrivals(node_zero_spin_) - start);
  work_ = nullptr;

  if (Status error = LowestError(); !error.ok()) return error;
  if (items_.Left() > 0) return Failed("stopped");
  return planned;
}

void SphereTree::Count(const Leaf& leaf, uint64_t tokens, double accumulation_s) {
  LeafStatistics& statistics = slots_[leaf.index].statistics;
  statistics.tokens += tokens;
  statistics.accumulation_s += accumulation_s;
}

SphereStatistics SphereTree::Statistics() const {
  SphereStatistics result;
  result.permits = permit_count_;
  for (const Slot& slot : slots_) {
    LeafStatistics& leaf = result.leaves.emplace_back(slot.statistics);
    leaf.waiting_s = std::max(0.0, phases_s_ - leaf.busy_s);
    if (slot.state) leaf.bytes = slot.state->Bytes();
  }
  for (const GroupSphere& group : placement_.groups) {
    auto& sum = result.groups.emplace_back();
    sum.level = group.level;
    sum.first_leaf = group.first_leaf;
    sum.leaves = group.leaves;
    for (size_t i = group.first_leaf; i < group.first_leaf + group.leaves; ++i) {
      sum.items += result.leaves[i].items;
      sum.steals += result.leaves[i].steals;
      sum.busy_s += result.leaves[i].busy_s;
      sum.waiting_s += result.leaves[i].waiting_s;
    }
  }
  return result;
}

Status CheckOptions(const SpheresOptions& options) {
  if (options.leaves <= kMaxLeaves) return {};
  return Usage("the number of threads is " + std::to_string(options.leaves) + "; at most " +
               std::to_string(kMaxLeaves) + " are possible");
}

}  // namespace

SpherePlan PlanSpheres(const SpheresOptions& options) {
  const Topology topology;
  const size_t leaves = LeavesFor(options, topology.machine());
  return {.leaves = leaves,
          .permits = PermitsFor(options, topology.machine()),
          .cache_domains = PlaceLeaves(topology.machine(), leaves).cache_domains};
}

Result<std::unique_ptr<Spheres>> Spheres::Start(SpheresOptions options) {
  CLLM_TRY(CheckOptions(options));
  const Topology topology;
  auto tree = std::make_unique<SphereTree>(std::move(options), topology.machine());
  CLLM_TRY(tree->StartLeaves(topology));
  return std::unique_ptr<Spheres>(std::move(tree));
}

}  // namespace cllm
