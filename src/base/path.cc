#include "base/path.h"

namespace cllm {

std::string JoinPath(const std::string& directory, const std::string& name) {
  return directory.empty() || directory.back() == '/' ? directory + name : directory + '/' + name;
}

std::string ParentPath(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == path.npos) return path.empty() ? "." : "/";
  const size_t slash = path.find_last_of('/', end);
  if (slash == path.npos) return ".";
  const size_t last = path.find_last_not_of('/', slash);
  return last == path.npos ? "/" : path.substr(0, last + 1);
}

}  // namespace cllm
