#pragma once

#include <string>
#include <vector>

namespace cllm {

// A control group that this process is in, of one hierarchy.
struct Cgroup {
  std::string controllers;  // "memory", "cpu,cpuacct"; empty: the unified hierarchy
  std::string path;         // below the hierarchy's mount, "" or "/outer/inner"
};

// The groups of this process, by /proc/self/cgroup; none where that cannot be read. `root` is where /proc lies, for
// tests. Thread-safe.
std::vector<Cgroup> OwnCgroups(const std::string& root = "/");

}  // namespace cllm
