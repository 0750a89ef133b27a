#include "spheres/quota.h"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace cllm {
namespace {

enum class Hierarchy { kNone, kV1, kV2 };

struct Mount {
  Hierarchy hierarchy = Hierarchy::kNone;
  std::string root;   // the path inside the hierarchy that is mounted
  std::string point;  // where
};

bool ListHas(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (list.substr(0, comma) == name) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
  return false;
}

// One line of mountinfo (proc(5)): id, parent, device, root, point, options, optional fields, "-", type, source, super.
Mount ParseMount(const std::string& line) {
  std::istringstream words(line);
  std::string id, parent, device, word, type, source, super;
  Mount mount;
  words >> id >> parent >> device >> mount.root >> mount.point;
  while (words >> word && word != "-") continue;
  words >> type >> source >> super;
  if (type == "cgroup2") mount.hierarchy = Hierarchy::kV2;
  if (type == "cgroup" && ListHas(super, "cpu")) mount.hierarchy = Hierarchy::kV1;
  return mount;
}

// The process's path in a hierarchy, from lines "id:controllers:path" of /proc/self/cgroup; empty if it has none.
std::string OwnPath(const std::string& file, Hierarchy hierarchy) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const size_t first = line.find(':');
    const size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool match = hierarchy == Hierarchy::kV2 ? line.starts_with("0::") : ListHas(controllers, "cpu");
    if (match) return line.substr(second + 1);
  }
  return {};
}

// ceil(quota / period), at least 1; empty for "no limit" and for nonsense.
std::optional<size_t> Cores(int64_t quota, int64_t period) {
  if (quota <= 0 || period <= 0) return std::nullopt;
  return static_cast<size_t>(quota / period + (quota % period != 0));
}

std::optional<size_t> DirectoryQuota(const std::string& directory, Hierarchy hierarchy) {
  int64_t quota = 0, period = 0;
  if (hierarchy == Hierarchy::kV2) {
    std::ifstream in(directory + "/cpu.max");  // "max 100000" or "150000 100000"
    if (!(in >> quota >> period)) return std::nullopt;
  } else {
    std::ifstream quota_in(directory + "/cpu.cfs_quota_us"), period_in(directory + "/cpu.cfs_period_us");
    if (!(quota_in >> quota) || !(period_in >> period)) return std::nullopt;  // a quota of -1 is no limit
  }
  return Cores(quota, period);
}

void TakeSmaller(std::optional<size_t>& smallest, std::optional<size_t> other) {
  if (other) smallest = smallest ? std::min(*smallest, *other) : other;
}

// The smallest quota from `path` up to the mount's root. A container may see a path of its host that its own mount does
// not have; its parents then end at the mount point, which is the container's group.
std::optional<size_t> MountQuota(const Mount& mount, const std::string& prefix, std::string path) {
  if (mount.root != "/" && path.starts_with(mount.root)) path.erase(0, mount.root.size());
  std::optional<size_t> smallest;
  for (;;) {
    while (!path.empty() && path.back() == '/') path.pop_back();
    TakeSmaller(smallest, DirectoryQuota(prefix + mount.point + path, mount.hierarchy));
    const size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return smallest;
    path.resize(slash);
  }
}

}  // namespace

std::optional<size_t> CpuQuota(const CgroupFiles& files) {
  std::optional<size_t> smallest;
  std::ifstream in(files.process + "/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const Mount mount = ParseMount(line);
    if (mount.hierarchy == Hierarchy::kNone) continue;
    const std::string path = OwnPath(files.process + "/cgroup", mount.hierarchy);
    TakeSmaller(smallest, MountQuota(mount, files.root, path));
  }
  return smallest;
}

}  // namespace cllm
