#include "corpus/directory_walk.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "base/system.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;

std::string_view NameOf(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// Where the path without the folder that was named begins.
size_t RootBytes(const std::string& root) { return root == "." ? 0 : root.size() + (root.ends_with('/') ? 0 : 1); }

// Why a folder is never entered unless it is named.
std::optional<LeftOutReason> ReasonToPass(const std::string& path) {
  constexpr std::array<std::string_view, 4> kVersionControl = {"CVS", "_darcs", "RCS", "SCCS"};
  const std::string_view name = NameOf(path);
  if (name.starts_with('.')) return LeftOutReason::kHidden;
  if (std::find(kVersionControl.begin(), kVersionControl.end(), name) != kVersionControl.end()) {
    return LeftOutReason::kVersionControl;
  }
  if (name == "__pycache__" || PathExists(JoinPath(path, "CACHEDIR.TAG"))) return LeftOutReason::kCache;
  if (LooksLikeRun(path)) return LeftOutReason::kRun;
  return {};
}

// Whether this process writes to the file as its standard output or error.
bool IsOwnOutput(const struct stat& file) {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat output {};
    if (fstat(fd, &output) == 0 && output.st_dev == file.st_dev && output.st_ino == file.st_ino) return true;
  }
  return false;
}

std::string Joined(const std::string& directory, const std::string& name) {
  return directory == "." ? name : JoinPath(directory, name);
}

}  // namespace

void DirectoryWalk::Skip(LeftOutReason reason, std::string path, std::string detail) {
  struct stat info {};
  const bool file = lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  left_out_.push_back({.reason = reason,
                       .path = std::move(path),
                       .bytes = file ? static_cast<uint64_t>(info.st_size) : 0,
                       .detail = std::move(detail)});
}

// The entries of a folder in bytewise order.
Status DirectoryWalk::List(const std::string& directory, std::vector<Entry>& entries, bool hidden_too) {
  std::error_code error;
  fs::directory_iterator entry(directory, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') && !hidden_too) continue;
    entries.push_back({Joined(directory, name), entry->is_directory(ignored)});
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
  if (!error) return {};
  return BadInput(fmt::format("directory {} cannot be read: {}", directory, error.message()));
}

bool DirectoryWalk::MayEnter(const Entry& entry, size_t root_bytes) {
  if (!filter_.TakesFolder(AsNamed(entry.path), std::string_view(entry.path).substr(root_bytes))) {
    Skip(LeftOutReason::kExcluded, entry.path);
    return false;
  }
  if (const auto reason = ReasonToPass(entry.path)) {
    Skip(*reason, entry.path);
    return false;
  }
  std::error_code ignored;
  if (!fs::is_symlink(entry.path, ignored)) return true;
  Skip(LeftOutReason::kFolderLink, entry.path);
  return false;
}

void DirectoryWalk::TakeFile(const std::string& path, size_t root_bytes) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    return Skip(LeftOutReason::kUnreadable, path, fmt::format("{}: {}", path, SystemErrorText(errno)));
  }
  if (!filter_.TakesFile(AsNamed(path), std::string_view(path).substr(root_bytes)))
    return Skip(LeftOutReason::kExcluded, path);
  if (!S_ISREG(info.st_mode)) return Skip(LeftOutReason::kSpecial, path);
  if (IsOwnOutput(info)) return Skip(LeftOutReason::kOwnOutput, path);
  take_(path);
}

void DirectoryWalk::WalkFolder(const std::string& directory, size_t root_bytes) {
  std::vector<Entry> entries;
  if (const Status status = List(directory, entries, /*hidden_too=*/true); !status.ok()) {
    Skip(LeftOutReason::kUnreadable, directory, status.message());
  }
  WalkEntries(entries, root_bytes);
}

void DirectoryWalk::WalkEntries(const std::vector<Entry>& entries, size_t root_bytes) {
  for (const Entry& entry : entries) {
    if (entry.folder) {
      if (MayEnter(entry, root_bytes)) WalkFolder(entry.path, root_bytes);
    } else if (NameOf(entry.path).starts_with('.')) {
      Skip(LeftOutReason::kHidden, entry.path);
    } else {
      TakeFile(entry.path, root_bytes);
    }
  }
}

Status DirectoryWalk::Walk(const std::string& root) {
  std::vector<Entry> entries;
  CLLM_TRY(List(root, entries, /*hidden_too=*/true));
  WalkEntries(entries, RootBytes(root));
  return {};
}

void DirectoryWalk::Match(const std::string& pattern) {
  std::vector<std::string> parts;
  for (const fs::path& part : fs::path(pattern)) {
    const bool again = part == "**" && !parts.empty() && parts.back() == "**";
    if (!part.empty() && part != "/" && !again) parts.push_back(part.string());
  }
  MatchParts(pattern.starts_with('/') ? "/" : place_.base.empty() ? "." : place_.base, parts, 0);
}

// What the parts from `next` on match below a folder that is there.
void DirectoryWalk::MatchParts(const std::string& directory, const std::vector<std::string>& parts, size_t next) {
  if (next == parts.size()) return WalkFolder(directory, RootBytes(directory));
  const std::string& part = parts[next];
  const bool last = next + 1 == parts.size();
  if (part == "**") {
    if (last) return WalkFolder(directory, RootBytes(directory));
    return MatchBelow(directory, parts, next + 1);
  }
  if (!LooksLikeGlob(part) && part.find('\\') == part.npos) {
    const std::string path = Joined(directory, part);
    if (IsDirectory(path)) return MatchParts(path, parts, next + 1);
    if (last && PathExists(path)) TakeFile(path, RootBytes(directory));
    return;
  }
  std::vector<Entry> entries;
  if (const Status status = List(directory, entries, part.starts_with('.')); !status.ok()) {
    return Skip(LeftOutReason::kUnreadable, directory, status.message());
  }
  for (const Entry& entry : entries) {
    if (!GlobMatches(part, NameOf(entry.path))) continue;
    if (!entry.folder) {
      if (last) TakeFile(entry.path, RootBytes(directory));
    } else if (!last || MayEnter(entry, RootBytes(directory))) {
      MatchParts(entry.path, parts, next + 1);
    }
  }
}

// The parts from `next` on, in a folder and in all below it.
void DirectoryWalk::MatchBelow(const std::string& directory, const std::vector<std::string>& parts, size_t next) {
  MatchParts(directory, parts, next);
  std::vector<Entry> entries;
  if (const Status status = List(directory, entries, /*hidden_too=*/false); !status.ok()) return;
  for (const Entry& entry : entries) {
    if (entry.folder && MayEnter(entry, RootBytes(directory))) MatchBelow(entry.path, parts, next);
  }
}

}  // namespace cllm
