#include "base/cgroup.h"

#include <algorithm>
#include <string_view>

#include "base/file.h"
#include "base/path.h"

namespace cllm {
namespace {

constexpr uint64_t kMostCgroupBytes = 1 << 20;

}  // namespace

// Lines are "id:controllers:path".
std::vector<Cgroup> OwnCgroups(const std::string& root) {
  std::vector<Cgroup> groups;
  const Result<std::string> text = ReadFile(JoinPath(root, "proc/self/cgroup"), kMostCgroupBytes);
  if (!text.ok()) return groups;
  for (std::string_view rest = *text; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t first = line.find(':');
    const size_t second = first == line.npos ? first : line.find(':', first + 1);
    if (second == line.npos || second + 1 >= line.size() || line[second + 1] != '/') continue;
    std::string path(line.substr(second + 1));
    while (!path.empty() && path.back() == '/') path.pop_back();
    groups.push_back({std::string(line.substr(first + 1, second - first - 1)), std::move(path)});
  }
  return groups;
}

}  // namespace cllm
