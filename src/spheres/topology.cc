#include "spheres/topology.h"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <thread>

#include "spheres/quota.h"

namespace cllm {
namespace {

// A processor set of hwloc.
class Bitmap {
 public:
  Bitmap() : set_(hwloc_bitmap_alloc()) { CHECK(set_ != nullptr); }
  ~Bitmap() { hwloc_bitmap_free(set_); }
  Bitmap(const Bitmap&) = delete;
  Bitmap& operator=(const Bitmap&) = delete;
  hwloc_bitmap_t get() const { return set_; }

 private:
  hwloc_bitmap_t set_;
};

// Numbers keys 0, 1, 2... in the order of their first appearance.
template <typename Key>
class Numbering {
 public:
  size_t operator()(Key key) { return numbers_.try_emplace(key, numbers_.size()).first->second; }

 private:
  std::map<Key, size_t> numbers_;
};

// The largest cache above a core; null where none is known.
hwloc_obj_t LastLevelCache(hwloc_obj_t core) {
  hwloc_obj_t cache = nullptr;
  for (hwloc_obj_t object = core; object != nullptr; object = object->parent) {
    if (hwloc_obj_type_is_dcache(object->type)) cache = object;
  }
  return cache;
}

std::vector<unsigned> Indices(hwloc_const_bitmap_t set) {
  std::vector<unsigned> indices;
  for (int i = hwloc_bitmap_first(set); i >= 0; i = hwloc_bitmap_next(set, i)) {
    indices.push_back(static_cast<unsigned>(i));
  }
  return indices;
}

// The cores with a hardware thread in the process's affinity mask, in machine order.
std::vector<Core> UsableCoresOf(hwloc_topology_t topology) {
  std::vector<Core> cores;
  Bitmap bound;
  if (hwloc_get_cpubind(topology, bound.get(), HWLOC_CPUBIND_THREAD) != 0 || hwloc_bitmap_iszero(bound.get())) {
    hwloc_bitmap_copy(bound.get(), hwloc_topology_get_allowed_cpuset(topology));
  }
  Numbering<const void*> caches;
  Numbering<int> nodes;
  // Machines whose cores hwloc does not see still have processing units.
  const bool has_cores = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE) > 0;
  const hwloc_obj_type_t type = has_cores ? HWLOC_OBJ_CORE : HWLOC_OBJ_PU;
  for (hwloc_obj_t object = nullptr; (object = hwloc_get_next_obj_by_type(topology, type, object)) != nullptr;) {
    Bitmap usable;
    hwloc_bitmap_and(usable.get(), object->cpuset, bound.get());
    if (hwloc_bitmap_iszero(usable.get())) continue;
    const hwloc_obj_t cache = LastLevelCache(object);
    cores.push_back({.cache = caches(cache),
                     .node = nodes(hwloc_bitmap_first(object->nodeset)),
                     .hardware_threads = Indices(usable.get())});
  }
  return cores;
}

}  // namespace

struct Topology::Hwloc {
  Hwloc() {
    if (hwloc_topology_init(&topology) != 0) topology = nullptr;
    loaded = topology != nullptr && hwloc_topology_load(topology) == 0;
  }
  ~Hwloc() {
    if (topology != nullptr) hwloc_topology_destroy(topology);
  }
  Hwloc(const Hwloc&) = delete;
  Hwloc& operator=(const Hwloc&) = delete;

  hwloc_topology_t topology = nullptr;
  bool loaded = false;
};

size_t Machine::UsableCores() const {
  return std::max<size_t>(1, std::min(cores.size(), quota.value_or(cores.size())));
}

size_t Machine::UsableHardwareThreads() const {
  size_t threads = 0;
  for (const Core& core : cores) threads += core.hardware_threads.size();
  return std::max<size_t>(1, std::min(threads, quota.value_or(threads)));
}

Topology::Topology() : hwloc_(std::make_unique<Hwloc>()) {
  if (hwloc_->loaded) machine_.cores = UsableCoresOf(hwloc_->topology);
  if (machine_.cores.empty()) {
    const unsigned count = std::max(1u, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < count; ++i) machine_.cores.push_back({.hardware_threads = {i}});
  }
  machine_.quota = CpuQuota();
}

Topology::~Topology() = default;

Status Topology::BindThread(const std::vector<unsigned>& hardware_threads) const {
  if (!hwloc_->loaded) return Failed("the machine's topology is unknown");
  Bitmap set;
  for (const unsigned index : hardware_threads) hwloc_bitmap_set(set.get(), index);
  if (hwloc_set_cpubind(hwloc_->topology, set.get(), HWLOC_CPUBIND_THREAD) != 0) return Failed(std::strerror(errno));
  return {};
}

}  // namespace cllm
