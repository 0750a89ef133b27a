#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/status.h"
#include "corpus/glob_pattern.h"
#include "corpus/left_out.h"

namespace cllm {

// Goes through folders and finds the files that may be texts by where they lie; what is in them is for others to see.
// Not entered and not taken: names that begin with a dot, folders of version control (CVS, _darcs, RCS, SCCS; others
// are hidden), run directories (config.toml beside checkpoints/ or log.jsonl), caches (__pycache__, or CACHEDIR.TAG in
// it), links to folders, devices, sockets, what the filter leaves out, and the files that this process writes to as
// standard output or error. One worker only; the vectors and the filter must outlive it.
class DirectoryWalk {
 public:
  // take: called with each file's path.
  DirectoryWalk(const FileFilter& filter, std::vector<LeftOut>& left_out, std::function<void(std::string path)> take)
      : filter_(filter), left_out_(left_out), take_(std::move(take)) {}

  // Everything below a folder. Error (BadInput): the folder itself cannot be read.
  Status Walk(const std::string& root);
  // What a pattern without braces matches, as a shell has it; ** goes down. Folders that match are walked.
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
  void Skip(LeftOutReason reason, std::string path, std::string detail = "");

  const FileFilter& filter_;
  std::vector<LeftOut>& left_out_;
  std::function<void(std::string path)> take_;
};

}  // namespace cllm
