#pragma once

#include <string>

#include "base/status.h"
#include "store/file_system.h"

namespace cllm {

// The directory of a run that is about to begin: unless it is kept, it goes again when this is destroyed, with all that
// is in it and with the parents that were made for it. Movable; `files` outlives it. Thread-compatible.
class NewRunDirectory {
 public:
  // As CreateRunDirectory and CreateNumberedRun. An empty directory that was there stays, and is empty again.
  static Result<NewRunDirectory> Create(FileSystem& files, const std::string& path);
  static Result<NewRunDirectory> CreateNumbered(FileSystem& files, const std::string& parent, const std::string& text);
  NewRunDirectory(NewRunDirectory&& other) noexcept;
  NewRunDirectory& operator=(NewRunDirectory&&) = delete;
  ~NewRunDirectory();

  const std::string& path() const { return path_; }
  void Keep() { files_ = nullptr; }

 private:
  NewRunDirectory(FileSystem& files, std::string path, std::string first_made)
      : files_(&files), path_(std::move(path)), first_made_(std::move(first_made)) {}

  FileSystem* files_;  // null: kept
  std::string path_;
  std::string first_made_;  // the uppermost directory that was not there, or "" if the run's own was
};

}  // namespace cllm
