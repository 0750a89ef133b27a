#include "spheres/spheres.h"

#include <exception>
#include <system_error>

#include "base/random.h"
#include "base/resource_limits.h"
#include "spheres/leaf_thread.h"

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

Status CheckOptions(const SpheresOptions& options) {
  if (options.leaves <= kMaxLeaves) return {};
  return Usage("the number of threads is " + std::to_string(options.leaves) + "; at most " +
               std::to_string(kMaxLeaves) + " are possible");
}

}  // namespace

Spheres::Spheres(const SpheresOptions& options, const Machine& machine)
    : shuffle_(options.shuffle),
      placement_(PlaceLeaves(machine, LeavesFor(options, machine))),
      permit_count_(PermitsFor(options, machine)),
      usable_cores_(machine.UsableCores()),
      leaf_spin_(placement_.leaves.size() <= std::min(permit_count_, usable_cores_) ? Spin::kBriefly : Spin::kNever),
      node_zero_spin_(placement_.leaves.size() < usable_cores_ ? Spin::kBriefly : Spin::kNever),
      barrier_(placement_),
      permits_(permit_count_, placement_.leaves.size()),
      items_(placement_),
      slots_(placement_.leaves.size()) {
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].leaf = {.index = i, .cache_domain = placement_.leaves[i].cache_domain};
  }
}

Spheres::~Spheres() {
  stopping_.store(true, std::memory_order_relaxed);
  const std::lock_guard lock(run_mutex_);
  exit_ = true;
  barrier_.OpenPhase();
  for (Slot& slot : slots_) {
    if (slot.thread.joinable()) slot.thread.join();
  }
}

Status Spheres::StartLeaves(const Topology& topology) {
  Status status;
  for (size_t i = 0; i < slots_.size() && status.ok(); ++i) {
    try {
      slots_[i].thread = std::jthread([this, i, &topology] { LeafMain(slots_[i], topology); });
    } catch (const std::system_error&) {
      status = NoResources("thread " + std::to_string(i + 1) + " of " + std::to_string(slots_.size()) +
                           " did not start: " + WhyNoThread() + "; use fewer threads or raise the limit");
    }
  }
  for (size_t i = 0; i < slots_.size(); ++i) {
    // In the place of leaves that do not exist, so that the others' arrivals complete the barrier.
    if (!slots_[i].thread.joinable()) barrier_.Arrive(placement_.leaves[i].group);
  }
  barrier_.AwaitArrivals(Spin::kNever);
  NotePins();
  return status;
}

void Spheres::NotePins() {
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

void Spheres::LeafMain(Slot& slot, const Topology& topology) {
  PrepareLeafThread();
  const std::vector<unsigned>& pins = placement_.leaves[slot.leaf.index].hardware_threads;
  if (!pins.empty()) slot.pin = topology.BindThread(pins);
  const size_t group = placement_.leaves[slot.leaf.index].group;
  barrier_.Arrive(group);
  for (uint32_t phase = 0;;) {
    phase = barrier_.AwaitPhase(group, phase, leaf_spin_);
    if (exit_) break;
    slot.error = {};
    (*part_)(slot);
    barrier_.Arrive(group);
  }
}

bool Spheres::MayStartItem() const {
  return !failed_.load(std::memory_order_relaxed) && !stopping_.load(std::memory_order_relaxed);
}

Clock::time_point Spheres::OpenPhase(const Part& part) {
  part_ = &part;
  const Clock::time_point start = Clock::now();
  barrier_.OpenPhase();
  return start;
}

void Spheres::AwaitPhaseEnd(Clock::time_point start) {
  phases_s_ += Seconds(barrier_.AwaitArrivals(node_zero_spin_) - start);
  part_ = nullptr;
}

// A leaf keeps its permit from item to item and gives it back when nothing is left for it: that keeps its context in
// the caches. The others' first items wait for them (Items).
void Spheres::WorkThroughItems(Slot& slot) {
  slot.leaf.permit = permits_.Acquire(slot.leaf.index).number;
  const size_t group = placement_.leaves[slot.leaf.index].group;
  if (MayStartItem()) {
    for (auto claim = items_.First(group); claim; claim = items_.Next(group)) {
      Process(slot, *claim);
      if (!MayStartItem()) break;
    }
  }
  permits_.Release(slot.leaf.permit);
}

void Spheres::Process(Slot& slot, const Items::Claim& claim) {
  const size_t item = shuffle_ == 0 ? claim.position : Permute(phase_key_, claim.position, item_count_);
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

Status Spheres::LowestError() const {
  const Slot* lowest = nullptr;
  for (const Slot& slot : slots_) {
    if (slot.error.ok()) continue;
    if (lowest == nullptr || slot.error_item < lowest->error_item) lowest = &slot;
  }
  return lowest == nullptr ? Status() : lowest->error;
}

Status Spheres::Run(size_t items, const Work& work, const std::function<void()>& meanwhile) {
  const std::lock_guard lock(run_mutex_);
  const auto run_meanwhile = [&]() -> Status {
    if (meanwhile) meanwhile();
    return {};
  };
  if (stopping_.load(std::memory_order_relaxed)) return Failed("stopped");
  if (items == 0) return Guarded("Node Zero", run_meanwhile);

  work_ = &work;
  item_count_ = items;
  phase_key_ = SubKey(shuffle_, phases_++);
  failed_.store(false, std::memory_order_relaxed);
  items_.Deal(items);
  const Part part = [this](Slot& slot) { WorkThroughItems(slot); };
  const Clock::time_point start = OpenPhase(part);
  const Status planned = Guarded("Node Zero", run_meanwhile);
  AwaitPhaseEnd(start);
  work_ = nullptr;

  if (Status error = LowestError(); !error.ok()) return error;
  if (items_.Left() > 0) return Failed("stopped");
  return planned;
}

void Spheres::WorkOnce(Slot& slot, const LeafWork& work) {
  slot.leaf.permit = permits_.Acquire(slot.leaf.index).number;
  const Clock::time_point start = Clock::now();
  slot.error = Guarded("work", [&] { return work(slot.leaf); });
  slot.error_item = slot.leaf.index;
  slot.statistics.busy_s += Seconds(Clock::now() - start);
  ++slot.statistics.items;
  permits_.Release(slot.leaf.permit);
}

Status Spheres::OnEachLeaf(const LeafWork& work) {
  const std::lock_guard lock(run_mutex_);
  if (stopping_.load(std::memory_order_relaxed)) return Failed("stopped");
  const Part part = [this, &work](Slot& slot) { WorkOnce(slot, work); };
  AwaitPhaseEnd(OpenPhase(part));
  return LowestError();
}

// The members are spread over all leaves, and so over the cores where several leaves share one.
void Spheres::WorkInTeam(Slot& slot, TeamBarrier& barrier, size_t members, const TeamWork& work) noexcept {
  const size_t member = (slot.leaf.index * members + slots_.size() - 1) / slots_.size();
  if (member >= members || member * slots_.size() / members != slot.leaf.index) return;
  // No more members than permits and nobody else asks for one: none is refused, so all members run.
  slot.leaf.permit = permits_.Acquire(slot.leaf.index).number;
  const Clock::time_point start = Clock::now();
  work(slot.leaf, {.member = member, .size = members, .barrier = &barrier});
  slot.statistics.busy_s += Seconds(Clock::now() - start);
  ++slot.statistics.items;
  permits_.Release(slot.leaf.permit);
}

Status Spheres::RunTeam(size_t members, const TeamWork& work) {
  CHECK(members >= 1 && members <= team_size());
  const std::lock_guard lock(run_mutex_);
  if (stopping_.load(std::memory_order_relaxed)) return Failed("stopped");
  TeamBarrier barrier(members, members <= usable_cores_ ? Spin::kBriefly : Spin::kNever);
  const auto part = [&](Slot& slot) { WorkInTeam(slot, barrier, members, work); };
  const Part by_reference = std::ref(part);  // so many captures would be allocated
  AwaitPhaseEnd(OpenPhase(by_reference));
  return {};
}

void Spheres::Count(const Leaf& leaf, uint64_t tokens, double accumulation_s) {
  LeafStatistics& statistics = slots_[leaf.index].statistics;
  statistics.tokens += tokens;
  statistics.accumulation_s += accumulation_s;
}

SphereStatistics Spheres::Statistics() const {
  SphereStatistics result;
  result.permits = permit_count_;
  for (const Slot& slot : slots_) {
    LeafStatistics& leaf = result.leaves.emplace_back(slot.statistics);
    leaf.waiting_s = std::max(0.0, phases_s_ - leaf.busy_s);
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

SpherePlan PlanSpheres(const SpheresOptions& options) {
  const Topology topology;
  const size_t leaves = LeavesFor(options, topology.machine());
  return {.leaves = leaves,
          .permits = PermitsFor(options, topology.machine()),
          .cache_domains = PlaceLeaves(topology.machine(), leaves).cache_domains};
}

Result<std::unique_ptr<Spheres>> Spheres::Start(const SpheresOptions& options) {
  CLLM_TRY(CheckOptions(options));
  const Topology topology;
  std::unique_ptr<Spheres> spheres(new Spheres(options, topology.machine()));
  CLLM_TRY(spheres->StartLeaves(topology));
  return spheres;
}

}  // namespace cllm
