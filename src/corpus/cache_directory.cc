#include "corpus/cache_directory.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/file_descriptor.h"
#include "base/path.h"
#include "base/system.h"
#include "store/file_system.h"

namespace cllm {
namespace {

// The value of an environment variable; an empty one counts as not set.
std::string Environment(const std::string& name) { return EnvironmentVariable(name).value_or(""); }

// Why no file can be made in `directory`, or "".
std::string WriteProblem(const std::string& directory) {
  if (directory.empty()) return "none is set";
  const Result<bool> made = PosixFileSystem().MakeDirectory(directory);
  if (!made.ok()) return made.status().message();
  std::string probe = JoinPath(directory, "probe-XXXXXX");
  const FileDescriptor file(mkostemp(probe.data(), O_CLOEXEC));
  if (!file.is_open()) return SystemErrorText(errno);
  unlink(probe.c_str());
  return "";
}

}  // namespace

std::string DefaultCacheDirectory() {
  if (const std::string own = Environment("CLLM_CACHE"); !own.empty()) return own;
  if (const std::string caches = Environment("XDG_CACHE_HOME"); !caches.empty()) return JoinPath(caches, "cllm");
  const std::string home = Environment("HOME");
  return home.empty() ? "" : JoinPath(home, ".cache/cllm");
}

Result<CacheDirectory> CacheDirectory::Open(const std::string& wanted) {
  const std::string problem = WriteProblem(wanted);
  if (problem.empty()) return CacheDirectory(wanted, "");
  const std::string parent = EnvironmentVariable("TMPDIR").value_or("/tmp");
  std::string path = JoinPath(parent.empty() ? "/tmp" : parent, "cllm-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {
    return Failed(
        fmt::format("neither the cache directory {} ({}) nor a temporary directory in {} ({}) can be written; set "
                    "CLLM_CACHE to one that can",
                    wanted, problem, parent, SystemErrorText(errno)));
  }
  return CacheDirectory(path,
                        fmt::format("the cache directory {} cannot be written ({}); the prepared text goes to {} and "
                                    "is not kept: set CLLM_CACHE to a directory that can be written",
                                    wanted.empty() ? "(no name)" : wanted, problem, path));
}

CacheDirectory::CacheDirectory(CacheDirectory&& other) noexcept
    : path_(std::exchange(other.path_, "")), note_(std::exchange(other.note_, "")) {}

CacheDirectory& CacheDirectory::operator=(CacheDirectory&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(note_, other.note_);
  return *this;
}

CacheDirectory::~CacheDirectory() {
  if (path_.empty() || !is_temporary()) return;
  PosixFileSystem files;
  // What cannot be removed stays for the system's own cleaning of temporary files.
  (void)RemoveTree(files, path_).ok();
}

}  // namespace cllm
