#include "base/system.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <system_error>

#include "base/cgroup.h"
#include "base/file.h"
#include "base/path.h"
#include "base/resource_limits.h"

namespace cllm {
namespace {

constexpr uint64_t kMaxKernelText = 4 << 20;  // /proc/cpuinfo of a large machine is about 1 MiB
constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

// The text of a kernel file, empty if there is none.
std::string KernelText(const std::string& path) {
  Result<std::string> text = ReadFile(path, kMaxKernelText);
  return text.ok() ? *std::move(text) : std::string();
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// What follows "name" and separators on the line that starts with it.
std::optional<std::string_view> LineValue(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(name)) {
      std::string_view value = Trim(line.substr(name.size()));
      if (value.starts_with(':')) return Trim(value.substr(1));
      if (line.size() > name.size() && line[name.size()] == ' ') return value;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

// The number at the front, if there is one ("max" of a cgroup is none).
std::optional<uint64_t> Number(std::string_view text) {
  text = Trim(text);
  uint64_t value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

uint64_t KibibyteLine(std::string_view text, std::string_view name) {
  const auto value = LineValue(text, name);
  return value ? Number(*value).value_or(0) * 1024 : 0;
}

// The files of one kind of cgroup hierarchy.
struct CgroupFiles {
  const char* mount;
  const char* limit;
  const char* usage;
  const char* inactive;  // in memory.stat: page cache that gives way
};
constexpr CgroupFiles kUnified{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file"};
constexpr CgroupFiles kMemoryController{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                                        "total_inactive_file"};

// Lowers limit and available to what the group `path` and each of its parents allow.
void ApplyCgroup(const std::string& root, const CgroupFiles& files, std::string path, MachineMemory* memory) {
  for (;;) {
    const std::string directory = JoinPath(root, files.mount) + path + "/";
    if (const auto limit = Number(KernelText(directory + files.limit))) {
      const uint64_t usage = Number(KernelText(directory + files.usage)).value_or(0);
      const std::string stat = KernelText(directory + "memory.stat");
      const uint64_t cache = Number(LineValue(stat, files.inactive).value_or("")).value_or(0);
      const uint64_t used = usage - std::min(usage, cache);
      memory->limit = std::min(memory->limit, *limit);
      memory->available = std::min(memory->available, *limit - std::min(*limit, used));
    }
    if (path.empty()) return;
    path.resize(path.find_last_of('/'));
  }
}

void ApplyCgroups(const std::string& root, MachineMemory* memory) {
  for (const Cgroup& group : OwnCgroups(root)) {
    if (group.controllers.empty()) {
      ApplyCgroup(root, kUnified, group.path, memory);
    } else if (group.controllers == "memory") {
      ApplyCgroup(root, kMemoryController, group.path, memory);
    }
  }
}

ProcessMemory MemoryIn(const std::string& status) {
  const std::string text = KernelText(status);
  return {KibibyteLine(text, "VmRSS"), KibibyteLine(text, "RssAnon"), KibibyteLine(text, "VmHWM")};
}

}  // namespace

MachineMemory ReadMachineMemory(const std::string& root) {
  const std::string text = KernelText(JoinPath(root, "proc/meminfo"));
  MachineMemory memory;
  memory.physical = KibibyteLine(text, "MemTotal");
  memory.limit = memory.physical == 0 ? kUnlimited : memory.physical;
  memory.available = KibibyteLine(text, "MemAvailable");
  if (memory.available == 0) memory.available = memory.limit;
  ApplyCgroups(root, &memory);
  return memory;
}

ProcessMemory ReadProcessMemory(const std::string& root) { return MemoryIn(JoinPath(root, "proc/self/status")); }

ProcessMemory ReadProcessMemoryOf(int process) { return MemoryIn("/proc/" + std::to_string(process) + "/status"); }

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return name.data();
}

std::string ProcessorName(const std::string& root) {
  const std::string text = KernelText(JoinPath(root, "proc/cpuinfo"));
  const auto name = LineValue(text, "model name");
  return name && !name->empty() ? std::string(*name) : "unknown processor";
}

std::optional<std::string> EnvironmentVariable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

std::string SystemErrorText(int error) { return std::generic_category().message(error) + LimitBehind(error); }

double MonotonicSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace cllm
