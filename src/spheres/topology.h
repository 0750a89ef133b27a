#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/status.h"

namespace cllm {

// A processor core that the process may run on.
struct Core {
  size_t cache = 0;                             // its last-level cache, numbered in machine order
  size_t node = 0;                              // its NUMA node, likewise
  std::vector<unsigned> hardware_threads = {};  // those the process may use, by the operating system's index
};

// The part of the machine that the process may use. Immutable.
struct Machine {
  std::vector<Core> cores;      // at least one; neighbours in the list are neighbours in the machine
  std::optional<size_t> quota;  // limit on CPU time in cores, rounded up

  size_t UsableCores() const;            // at least 1
  size_t UsableHardwareThreads() const;  // the same, counting each hardware thread of a core
};

// What hwloc and the control groups say about the machine. Owns the hwloc topology; thread-safe.
class Topology {
 public:
  // Never fails: where hwloc knows nothing, the machine is one cache with std::thread::hardware_concurrency() cores.
  Topology();
  ~Topology();
  Topology(const Topology&) = delete;
  Topology& operator=(const Topology&) = delete;

  const Machine& machine() const { return machine_; }
  // Binds the calling thread to these hardware threads. Containers and some systems refuse it.
  Status BindThread(const std::vector<unsigned>& hardware_threads) const;

 private:
  struct Hwloc;
  std::unique_ptr<Hwloc> hwloc_;
  Machine machine_;
};

}  // namespace cllm
