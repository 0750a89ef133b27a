#include "corpus/named_path.h"

#include <filesystem>
#include <string_view>

#include "base/path.h"
#include "corpus/source_file.h"

namespace cllm {
namespace {

constexpr std::string_view kMark = "/./";  // between the directory and what was named in it, as rsync has it

// "texts/" and "./texts" are "texts".
std::string Plain(const std::string& path) {
  std::string plain = std::filesystem::path(path).lexically_normal().string();
  if (plain.size() > 1 && plain.ends_with('/')) plain.pop_back();
  return plain.empty() ? "." : plain;
}

}  // namespace

NamedPath NamedPath::Of(const std::string& path) {
  const size_t mark = path.starts_with('/') ? path.find(kMark) : path.npos;
  if (mark == path.npos) return {.base = "", .named = path};
  return {.base = mark == 0 ? "/" : path.substr(0, mark), .named = path.substr(mark + kMark.size())};
}

std::string NamedPath::Located() const {
  const std::string plain = Plain(named);
  if (base.empty()) return plain;
  return plain == "." ? base : JoinPath(base, plain);
}

std::string RecordedPath(const std::string& path, const std::string& directory) {
  if (path == kStandardInput || path.starts_with('/') || directory.empty()) return path;
  return (directory == "/" ? "" : directory) + std::string(kMark) + path;
}

std::string PathAsNamedIn(const std::string& directory, const std::string& path) {
  const NamedPath place = NamedPath::Of(path);
  return !place.base.empty() && place.base == directory ? place.named : path;
}

}  // namespace cllm
