#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace cllm {

// Where the kernel describes a process's control groups. Tests point it at fake files.
struct CgroupFiles {
  std::string process = "/proc/self";  // holds `cgroup` and `mountinfo`
  std::string root;                    // put before every mount point of `mountinfo`
};

// The limit on CPU time that control groups put on the process, in cores, rounded up and at least 1: the smallest along
// the process's own path and all its parents, of cgroup v2 (cpu.max) and v1 (cpu.cfs_quota_us / cpu.cfs_period_us).
// Empty when there is none, or when the files are absent or unreadable.
std::optional<size_t> CpuQuota(const CgroupFiles& files = {});

}  // namespace cllm
