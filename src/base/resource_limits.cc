#include "base/resource_limits.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <utility>

#include "base/cgroup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/units.h"

namespace cllm {
namespace {

constexpr uint64_t kMostBytes = 1 << 20;  // of a kernel file

using Resource = decltype(RLIMIT_AS);

// The soft limit, if there is one.
std::optional<uint64_t> LimitOf(Resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

// The number at the start of a kernel file, if there is one ("max" is none).
std::optional<uint64_t> NumberIn(const std::string& path) {
  const Result<std::string> text = ReadFile(path, kMostBytes);
  uint64_t value = 0;
  if (!text.ok() || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc()) {
    return std::nullopt;
  }
  return value;
}

// "VmSize:  1234 kB" of /proc/self/status in bytes; 0 if unknown.
uint64_t StatusBytes(const std::string& root, const std::string& name) {
  const Result<std::string> text = ReadFile(JoinPath(root, "proc/self/status"), kMostBytes);
  if (!text.ok()) return 0;
  const size_t line = text->find(name + ":");
  const size_t digits = line == text->npos ? line : text->find_first_of("0123456789", line);
  uint64_t value = 0;
  if (digits != text->npos) std::from_chars(text->data() + digits, text->data() + text->size(), value);
  return value * 1024;
}

// The lowest pids.max that is reached by the group `path` or one of its parents.
std::optional<uint64_t> ReachedIn(const std::string& mount, std::string path) {
  std::optional<uint64_t> lowest;
  for (;;) {
    const std::string directory = mount + path + "/";
    const auto most = NumberIn(directory + "pids.max"), now = NumberIn(directory + "pids.current");
    if (most && now && *now >= *most) lowest = std::min(lowest.value_or(*most), *most);
    if (path.empty()) return lowest;
    path.resize(path.find_last_of('/'));
  }
}

std::optional<uint64_t> ReachedPids(const std::string& root) {
  std::optional<uint64_t> lowest;
  for (const Cgroup& group : OwnCgroups(root)) {
    if (!group.controllers.empty() && group.controllers != "pids") continue;
    const char* mount = group.controllers.empty() ? "sys/fs/cgroup" : "sys/fs/cgroup/pids";
    if (const auto reached = ReachedIn(JoinPath(root, mount), group.path)) {
      lowest = std::min(lowest.value_or(*reached), *reached);
    }
  }
  return lowest;
}

uint64_t ThreadStackBytes() {
  pthread_attr_t attributes;
  size_t bytes = 0;
  if (pthread_getattr_default_np(&attributes) != 0) return bytes;
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

bool CanMap(uint64_t bytes) {
  void* there = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (there == MAP_FAILED) return false;
  munmap(there, bytes);
  return true;
}

}  // namespace

std::string LimitBehind(int error) {
  if (error == EMFILE) {
    if (const auto files = LimitOf(RLIMIT_NOFILE)) return fmt::format(" (at most {} may be open: ulimit -n)", *files);
  }
  if (error == EFBIG) {
    if (const auto bytes = LimitOf(RLIMIT_FSIZE)) {
      return fmt::format(" (a file may have {}: ulimit -f)", FormatBytes(*bytes));
    }
  }
  if (error == ENOMEM) {
    if (const auto limit = OwnMemoryLimit()) {
      return fmt::format(" (this process may have {}, {} are left: {})", FormatBytes(limit->bytes),
                         FormatBytes(limit->left), limit->name);
    }
  }
  return "";
}

std::optional<MemoryLimit> OwnMemoryLimit(const std::string& root) {
  std::optional<MemoryLimit> tightest;
  const auto consider = [&](Resource resource, const char* used, const char* name) {
    const auto bytes = LimitOf(resource);
    if (!bytes) return;
    MemoryLimit limit{.bytes = *bytes, .left = *bytes - std::min(*bytes, StatusBytes(root, used)), .name = name};
    if (!tightest || limit.left < tightest->left) tightest = std::move(limit);
  };
  consider(RLIMIT_AS, "VmSize", "ulimit -v");
  consider(RLIMIT_DATA, "VmData", "ulimit -d");
  return tightest;
}

std::string WhyNoMemory(const std::string& root) {
  const auto limit = OwnMemoryLimit(root);
  if (!limit) return fmt::format("memory ran out at {} in use", FormatBytes(StatusBytes(root, "VmRSS")));
  return fmt::format("memory ran out at {}; this process may have {} ({})", FormatBytes(limit->bytes - limit->left),
                     FormatBytes(limit->bytes), limit->name);
}

std::string WhyNoThread(const std::string& root) {
  if (const uint64_t stack = ThreadStackBytes(); stack != 0 && !CanMap(stack)) {
    return fmt::format("a thread needs {} of address space for its stack{}", FormatBytes(stack), LimitBehind(ENOMEM));
  }
  if (const auto pids = ReachedPids(root)) {
    return fmt::format("the control group may have {} processes and threads (pids.max)", *pids);
  }
  // The system's administrator is exempt from this one.
  if (const auto processes = LimitOf(RLIMIT_NPROC); processes && geteuid() != 0) {
    return fmt::format("this user may have {} processes and threads (ulimit -u)", *processes);
  }
  if (const auto threads = NumberIn(JoinPath(root, "proc/sys/kernel/threads-max"))) {
    return fmt::format("the machine may have {} threads (kernel.threads-max)", *threads);
  }
  return "the system has no room for another";
}

}  // namespace cllm
