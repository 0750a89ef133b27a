#include "corpus/found_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/system.h"
#include "corpus/directory_walk.h"
#include "corpus/file_start.h"
#include "corpus/named_path.h"

namespace cllm {
namespace {

constexpr std::string_view kExpected = "expected a text file, a directory of texts, a glob or - for standard input";

// Collects the files of one list of paths.
class Search {
 public:
  Search(const CorpusOptions& options, const FileMatcher& filter, const std::string& spool_directory)
      : options_(options), filter_(filter), spool_directory_(spool_directory) {}

  // Error: what concerns no single path.
  Status Run() {
    for (origin_ = 0; origin_ < options_.paths.size(); ++origin_) {
      const size_t before = found_.left_out.size();
      place_ = NamedPath::Of(options_.paths[origin_]);
      const Status status = Add();
      if (status.code() == Code::kBadInput) {
        faults_.Add(status);
        settled_.insert(origin_);
      } else if (!status.ok()) {
        return status;
      }
      for (size_t i = before; i < found_.left_out.size(); ++i) found_.left_out[i].origin = origin_;
    }
    Sort();
    LookAtStarts();
    RefuseOriginsWithoutText();
    return faults_.Joined();
  }
  FoundFiles Take() && { return std::move(found_); }

 private:
  Status Add() {
    if (place_.named == kStandardInput && place_.base.empty()) {
      return std::exchange(stdin_taken_, true) ? Status() : AddSpooled(STDIN_FILENO, place_.named);
    }
    const std::string path = place_.base.empty() ? place_.named : place_.Located();
    struct stat info {};
    if (stat(path.c_str(), &info) == 0) return AddExisting(path, info);
    const int error = errno;
    const bool absent = error == ENOENT || error == ENOTDIR;
    if (absent && LooksLikeGlob(place_.named)) return AddGlob(path);
    return BadInput(fmt::format("{}: {}; {}", path, SystemErrorText(error), kExpected));
  }

  Status AddExisting(const std::string& path, const struct stat& info) {
    if (S_ISDIR(info.st_mode)) return Walker().Walk(Searched(place_.Located()));
    if (S_ISFIFO(info.st_mode)) {
      const FileDescriptor pipe(open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (pipe.is_open()) return AddSpooled(pipe.get(), path);
      return BadInput(fmt::format("{} cannot be read: {}", path, SystemErrorText(errno)));
    }
    if (!S_ISREG(info.st_mode)) return BadInput(fmt::format("{} is a device; {}", path, kExpected));
    AddFile(place_.Located(), /*named=*/true);
    return {};
  }

  Status AddSpooled(int input, const std::string& path) {
    SourceFile file = DescribeFile(path);
    // What comes through a pipe is text as it is, whatever the name of the pipe.
    file.compression = Compression::kNone;
    if (file.layout == TextLayout::kEpub) file.layout = TextLayout::kText;
    file.named = true;
    file.origin = origin_;
    CLLM_ASSIGN(file.spool, SpoolToFile(input, file.Name(), spool_directory_));
    found_.files.push_back(std::move(file));
    return {};
  }

  Status AddGlob(const std::string& path) {
    const size_t files = found_.files.size(), left_out = found_.left_out.size();
    CLLM_ASSIGN(const std::vector<std::string> patterns, ExpandBraces(place_.named));
    Searched(path);
    for (const std::string& pattern : patterns) Walker().Match(pattern);
    if (files != found_.files.size() || left_out != found_.left_out.size()) return {};
    return BadInput(fmt::format("{} matches no file; {}", path, kExpected));
  }

  DirectoryWalk Walker() {
    return DirectoryWalk(filter_, place_, found_.left_out,
                         [this](std::string path) { AddFile(path, /*named=*/false); });
  }
  // Remembers that this path stands for what is found.
  const std::string& Searched(const std::string& path) {
    found_.searched = true;
    return searched_[origin_] = path;
  }

  void AddFile(const std::string& path, bool named) {
    SourceFile file = DescribeFile(path);
    file.named = named;
    file.name_offset = place_.NameOffset();
    file.origin = origin_;
    found_.files.push_back(std::move(file));
  }

  // In reading order; one that is named, too, counts as named.
  void Sort() {
    const auto key = [](const SourceFile& file) {
      return std::tuple(file.path != kStandardInput, std::string_view(file.path).substr(file.name_offset), !file.named);
    };
    std::stable_sort(found_.files.begin(), found_.files.end(),
                     [&](const SourceFile& a, const SourceFile& b) { return key(a) < key(b); });
    KeepOneOfEach();
  }

  void KeepOneOfEach() {
    std::map<std::pair<uint64_t, uint64_t>, std::string> seen;  // by what the system calls a file
    std::vector<SourceFile> kept;
    for (SourceFile& file : found_.files) {
      struct stat info {};
      if (!file.spool.is_open() && stat(file.path.c_str(), &info) == 0) {
        file.bytes = static_cast<uint64_t>(info.st_size);
        const auto [first, is_new] = seen.insert({{info.st_dev, info.st_ino}, file.path});
        if (!is_new) {
          SkipSame(file, first->second);
          continue;
        }
      }
      kept.push_back(std::move(file));
    }
    found_.files = std::move(kept);
  }

  void SkipSame(const SourceFile& file, const std::string& first) {
    settled_.insert(file.origin);
    found_.left_out.push_back({.reason = LeftOutReason::kSameFile,
                               .path = file.path,
                               .detail = file.path == first ? file.path + ", named again"
                                                            : fmt::format("{} is {}", file.path, first),
                               .origin = file.origin});
  }

  void LookAtStarts() {
    std::vector<SourceFile> texts;
    for (SourceFile& file : found_.files) {
      StartVerdict verdict = LookAtStart(file);
      if (!verdict.reason) {
        settled_.insert(file.origin);
        texts.push_back(std::move(file));
      } else if (file.named && *verdict.reason != LeftOutReason::kEmpty) {
        settled_.insert(file.origin);
        faults_.Add(verdict.fault);
      } else {
        if (file.named) empty_.Add(verdict.fault);
        const bool tells = *verdict.reason != LeftOutReason::kEmpty && *verdict.reason != LeftOutReason::kBinary;
        found_.left_out.push_back({.reason = *verdict.reason,
                                   .path = file.path,
                                   .bytes = file.bytes,
                                   .detail = tells ? verdict.fault.message() : "",
                                   .origin = file.origin});
      }
    }
    found_.files = std::move(texts);
  }

  void RefuseOriginsWithoutText() {
    for (const auto& [origin, path] : searched_) {
      if (settled_.contains(origin)) continue;
      std::vector<LeftOut> of_it;
      for (const LeftOut& one : found_.left_out) {
        if (one.origin == origin) of_it.push_back(one);
      }
      const std::string others = DescribeLeftOut(of_it);
      faults_.Add(BadInput(fmt::format("{} holds no text: expected at least one file with text in it, found {}", path,
                                       others.empty() ? "nothing" : others)));
    }
    // Files without a byte matter only where there is nothing else.
    if (found_.files.empty() && faults_.empty()) faults_.Add(empty_.Joined());
  }

  const CorpusOptions& options_;
  const FileMatcher& filter_;
  const std::string& spool_directory_;
  size_t origin_ = 0;
  NamedPath place_;  // of the path with that number
  bool stdin_taken_ = false;
  FoundFiles found_;
  Faults faults_, empty_;
  std::map<size_t, std::string> searched_;  // origins that are folders or patterns
  std::set<size_t> settled_;              // origins that a text was found by
};

}  // namespace

void Faults::Add(const Status& fault) {
  if (!fault.ok()) messages_.push_back(fault.message());
}

Status Faults::Joined() const {
  if (messages_.empty()) return {};
  if (messages_.size() == 1) return BadInput(messages_.front());
  const auto count = static_cast<std::ptrdiff_t>(std::min(kShown, messages_.size()));
  const std::vector<std::string> shown(messages_.begin(), messages_.begin() + count);
  return BadInput(fmt::format("{} of the texts cannot be read: {}{}", messages_.size(), fmt::join(shown, "; "),
                              shown.size() == messages_.size()
                                  ? ""
                                  : fmt::format("; and {} more", messages_.size() - shown.size())));
}

Result<FoundFiles> FindFiles(const CorpusOptions& options, const std::string& spool_directory) {
  CLLM_ASSIGN(const FileMatcher filter, FileMatcher::Of(options.filter));
  Search search(options, filter, spool_directory);
  CLLM_TRY(search.Run());
  return std::move(search).Take();
}

}  // namespace cllm
