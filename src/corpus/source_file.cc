#include "corpus/source_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/system.h"
#include "corpus/decompress.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStdin = "-";
constexpr std::string_view kExpected = "expected a text file, a directory of texts, a glob or - for standard input";

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// Removes the extension of a compression from a lower-cased path and tells which it was.
Compression TakeCompression(std::string& path) {
  constexpr std::array<std::pair<std::string_view, Compression>, 3> kExtensions = {
      {{".gz", Compression::kGzip}, {".xz", Compression::kXz}, {".zst", Compression::kZstd}}};
  for (const auto& [extension, compression] : kExtensions) {
    if (!path.ends_with(extension)) continue;
    path.resize(path.size() - extension.size());
    return compression;
  }
  return Compression::kNone;
}

// Collects the files of one list of paths.
class Expansion {
 public:
  explicit Expansion(const std::string& spool_directory) : spool_directory_(spool_directory) {}

  Status Add(const std::string& path) {
    if (path == kStdin) return AddStdin();
    struct stat info {};
    if (stat(path.c_str(), &info) == 0) return AddExisting(path, info);
    const int error = errno;
    const bool absent = error == ENOENT || error == ENOTDIR;
    if (absent && path.find_first_of("*?[{") != std::string::npos) return AddGlob(path);
    return BadInput(fmt::format("{}: {}; {}", path, SystemErrorText(error), kExpected));
  }

  std::vector<SourceFile> Sorted() && {
    const auto before = [](const SourceFile& a, const SourceFile& b) {
      return std::pair(a.path != kStdin, std::string_view(a.path)) <
             std::pair(b.path != kStdin, std::string_view(b.path));
    };
    const auto same = [](const SourceFile& a, const SourceFile& b) { return a.path == b.path; };
    std::sort(files_.begin(), files_.end(), before);
    files_.erase(std::unique(files_.begin(), files_.end(), same), files_.end());
    return std::move(files_);
  }

 private:
  Status AddStdin() {
    if (stdin_taken_) return {};
    stdin_taken_ = true;
    return AddSpooled(STDIN_FILENO, std::string(kStdin));
  }

  Status AddSpooled(int input, const std::string& path) {
    SourceFile file = DescribeFile(path);
    // What comes through a pipe is text as it is, whatever the name of the pipe.
    file.compression = Compression::kNone;
    CLLM_ASSIGN(file.spool, SpoolToFile(input, file.Name(), spool_directory_));
    files_.push_back(std::move(file));
    return {};
  }

  Status AddExisting(const std::string& path, const struct stat& info) {
    if (S_ISDIR(info.st_mode)) return AddDirectory(path);
    if (S_ISFIFO(info.st_mode)) {
      const FileDescriptor pipe(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (pipe.is_open()) return AddSpooled(pipe.get(), path);
      return BadInput(fmt::format("{} cannot be read: {}", path, SystemErrorText(errno)));
    }
    if (!S_ISREG(info.st_mode)) return BadInput(fmt::format("{} is a device; {}", path, kExpected));
    if (info.st_size == 0) return BadInput(fmt::format("{} is empty (0 bytes); expected text", path));
    files_.push_back(DescribeFile(fs::path(path).lexically_normal().string()));
    return {};
  }

  Status AddDirectory(const std::string& path) {
    std::error_code error;
    fs::recursive_directory_iterator entry(path, error);
    size_t seen = 0, taken = 0;
    for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      const std::string name = entry->path().filename().string();
      if (name.starts_with('.')) {
        entry.disable_recursion_pending();
        continue;
      }
      std::error_code ignored;  // a link that leads nowhere is not a file
      if (!entry->is_regular_file(ignored)) continue;
      ++seen;
      if (!HasTextExtension(name) || entry->file_size(ignored) == 0) continue;
      ++taken;
      files_.push_back(DescribeFile(entry->path().lexically_normal().string()));
    }
    if (error) return BadInput(fmt::format("directory {} cannot be read: {}", path, error.message()));
    if (taken != 0) return {};
    return BadInput(
        fmt::format("directory {} holds no text: expected .txt, .md or .jsonl files with content (or .gz, .xz, "
                    ".zst of them), found {} other files; name files of another kind one by one or by a glob",
                    path, seen));
  }

  Status AddGlob(const std::string& pattern) {
    glob_t found{};
    const int code = glob(pattern.c_str(), GLOB_NOSORT | GLOB_BRACE, nullptr, &found);
    const std::vector<std::string> paths(found.gl_pathv, found.gl_pathv + found.gl_pathc);
    globfree(&found);
    if (code == GLOB_NOSPACE) return NoResources(fmt::format("no memory for what {} matches", pattern));
    if (paths.empty()) return BadInput(fmt::format("{} matches no file; {}", pattern, kExpected));
    for (const std::string& path : paths) {
      struct stat info {};
      if (stat(path.c_str(), &info) != 0) {
        return BadInput(fmt::format("{} (matched by {}): {}", path, pattern, SystemErrorText(errno)));
      }
      CLLM_TRY(AddExisting(path, info));
    }
    return {};
  }

  const std::string& spool_directory_;
  bool stdin_taken_ = false;
  std::vector<SourceFile> files_;
};

}  // namespace

std::string SourceFile::Name() const { return path == kStdin ? "standard input" : path; }

SourceFile DescribeFile(const std::string& path) {
  SourceFile file;
  file.path = path;
  std::string name = LowerCase(path);
  file.compression = TakeCompression(name);
  file.layout = name.ends_with(".jsonl") ? TextLayout::kJsonLines : TextLayout::kText;
  return file;
}

bool HasTextExtension(const std::string& path) {
  std::string name = LowerCase(path);
  TakeCompression(name);
  return name.ends_with(".txt") || name.ends_with(".md") || name.ends_with(".jsonl");
}

Result<std::vector<SourceFile>> ExpandPaths(const std::vector<std::string>& paths, const std::string& spool_directory) {
  Expansion expansion(spool_directory);
  for (const std::string& path : paths) CLLM_TRY(expansion.Add(path));
  return std::move(expansion).Sorted();
}

Result<std::unique_ptr<ByteSource>> OpenSourceFile(const SourceFile& file) {
  std::unique_ptr<ByteSource> bytes;
  if (file.spool.is_open()) {
    bytes = ReadDescriptor(file.spool.get(), file.Name());
  } else {
    CLLM_ASSIGN(bytes, ReadPath(file.path));
  }
  switch (file.compression) {
    case Compression::kNone:
      return bytes;
    case Compression::kGzip:
      return DecompressGzip(std::move(bytes), file.path);
    case Compression::kXz:
      return DecompressXz(std::move(bytes), file.path);
    case Compression::kZstd:
      return DecompressZstd(std::move(bytes), file.path);
  }
  return bytes;
}

}  // namespace cllm
