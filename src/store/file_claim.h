#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/file_descriptor.h"

namespace cllm {

// Says to other processes that a file is in use, as long as this lives and however its process ends; any number may say
// so of one file. A lock that the system drops (flock); reading and writing are nobody's business here. Movable.
class FileClaim {
 public:
  // Notes the time of use in the file (its access time). None: there is no such file, or it is being removed.
  static std::optional<FileClaim> Take(const std::string& path);

  // Removes a file unless somebody claims it. On file systems without locks: unless it was used in the last day. True:
  // it is gone.
  static bool RemoveUnclaimed(const std::string& path);
  static bool IsClaimed(const std::string& path);

 private:
  explicit FileClaim(FileDescriptor file) : file_(std::move(file)) {}
  FileDescriptor file_;
};

}  // namespace cllm
