#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "corpus/glob_pattern.h"
#include "corpus/left_out.h"
#include "corpus/named_path.h"

namespace cllm {

// Goes through folders and finds the files that may be texts by where they lie; what is in them is for others to see.
// Not entered and not taken: names that begin with a dot, folders of version control (CVS, _darcs, RCS, SCCS; others
// are hidden), run directories (config.toml beside checkpoints/, log.jsonl or tokenizer.json), caches (__pycache__, or
// CACHEDIR.TAG in it), links to folders, devices, sockets, what the filter leaves out, and the files that this process
// writes to as standard output or error. One worker only; the vectors and the filter must outlive it.
class DirectoryWalk {
 public:
  // place: where the walk begins; patterns see paths as they were named there. take: called with each file's path.
  DirectoryWalk(const FileMatcher& filter, NamedPath place, std::vector<LeftOut>& left_out,
                std::function<void(std::string path)> take)
      : filter_(filter), place_(std::move(place)), left_out_(left_out), take_(std::move(take)) {}

  // Everything below a folder. Error (BadInput): the folder itself cannot be read.
  Status Walk(const std::string& root);
  // What a pattern without braces matches in the base of the place, as a shell has it; ** goes down. Folders that match
  // are walked.
  void Match(const std::string& pattern);

 private:
  struct Entry {
    std::string path;
    bool folder = false;
  };
  Status List(const std::string& directory, std::vector<Entry>& entries, bool hidden_too);
  bool MayEnter(const Entry& entry, size_t root_bytes);
  void TakeFile(const std::string& path, size_t root_bytes);
  void WalkFolder(const std::string& directory, size_t root_bytes);
  void WalkEntries(const std::vector<Entry>& entries, size_t root_bytes);
  void MatchParts(const std::string& directory, const std::vector<std::string>& parts, size_t next);
  void MatchBelow(const std::string& directory, const std::vector<std::string>& parts, size_t next);
  std::string_view AsNamed(std::string_view path) const { return path.substr(place_.NameOffset()); }
  void Skip(LeftOutReason reason, std::string path, std::string detail = "");

  const FileMatcher& filter_;
  NamedPath place_;
  std::vector<LeftOut>& left_out_;
  std::function<void(std::string path)> take_;
};

}  // namespace cllm
