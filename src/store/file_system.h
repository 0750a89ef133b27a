#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/status.h"

// Changes to files, behind an interface so that tests can make any of them fail. Errors are Failed and name the path
// and the system's reason.
namespace cllm {

// Where bytes go.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  // All bytes or an error.
  virtual Status Append(ByteView bytes) = 0;
};

// A file open for writing; the destructor closes without reporting. One thread at a time.
class OutputFile : public ByteSink {
 public:
  virtual Status Sync() = 0;   // bytes and size reach the disk; after an error the file is bad, do not try again
  virtual Status Close() = 0;  // reports a delayed write error; once
};

// Thread-safe for different paths.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<OutputFile>> Create(const std::string& path) = 0;  // empties an existing file
  virtual Result<std::unique_ptr<OutputFile>> OpenAppend(const std::string& path) = 0;
  virtual Status Truncate(const std::string& path, uint64_t bytes) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;  // replaces a file or symlink atomically
  // Both exist; each takes the other's name. Atomic where the file system can, else ExchangeByRenames.
  virtual Status Exchange(const std::string& first, const std::string& second) = 0;
  virtual Status SyncDirectory(const std::string& path) = 0;  // names in it reach the disk
  // The directory and its missing parents; false if it was there.
  virtual Result<bool> MakeDirectory(const std::string& path) = 0;
  virtual Status Remove(const std::string& path) = 0;  // a file, a symlink (not its target) or an empty directory
  virtual Status MakeSymlink(const std::string& target, const std::string& path) = 0;
  virtual Result<std::string> ReadSymlink(const std::string& path) = 0;
  virtual Result<std::vector<std::string>> List(const std::string& path) = 0;  // names in a directory, sorted
  // Bytes that this user may still write on the file system of `path`.
  virtual Result<uint64_t> FreeBytes(const std::string& path) = 0;
};

// The machine's own. Holds nothing.
class PosixFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<OutputFile>> Create(const std::string& path) override;
  Result<std::unique_ptr<OutputFile>> OpenAppend(const std::string& path) override;
  Status Truncate(const std::string& path, uint64_t bytes) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status Exchange(const std::string& first, const std::string& second) override;
  Status SyncDirectory(const std::string& path) override;
  Result<bool> MakeDirectory(const std::string& path) override;
  Status Remove(const std::string& path) override;
  Status MakeSymlink(const std::string& target, const std::string& path) override;
  Result<std::string> ReadSymlink(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  Result<uint64_t> FreeBytes(const std::string& path) override;
};

// Writes `path` whole or not at all, durably: a temporary file beside it, synced, renamed, the directory synced.
// On error what was at `path` is untouched and no temporary file stays (if it can be removed).
Status AtomicWriteFile(FileSystem& files, const std::string& path, ByteView bytes);

// Makes the symlink `path` point to `target`, atomically and durably; replaces a symlink or file that is there.
Status ReplaceSymlink(FileSystem& files, const std::string& target, const std::string& path);

// Exchange in three steps, "FIRST.aside" between them; on error both are as before if the system lets them.
Status ExchangeByRenames(FileSystem& files, const std::string& first, const std::string& second);

// Removes a file, a symlink, or a directory with everything in it (symlinks are not followed).
Status RemoveTree(FileSystem& files, const std::string& path);

}  // namespace cllm
