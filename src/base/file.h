#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/status.h"

// Reading files. Errors are BadInput and name the path, what was expected and what was found.
namespace cllm {

// The whole file. Error: missing, unreadable, a directory, or longer than max_bytes (nothing is allocated for it).
Result<std::string> ReadFile(const std::string& path, uint64_t max_bytes);

// Bytes of a regular file. Error: missing, unreadable or not a regular file.
Result<uint64_t> FileSize(const std::string& path);

// The hash of a regular file's bytes, read piece by piece. Error: as FileSize.
Result<Hash128> HashFile(const std::string& path);

bool PathExists(const std::string& path);   // follows symlinks
bool IsDirectory(const std::string& path);  // follows symlinks

// A regular file mapped read-only. Owns the mapping; movable, immutable. The mapping has the size the file had when it
// was opened; who truncates a mapped file makes its readers fault, so our writers replace files by rename only.
class MappedFile {
 public:
  // Error: missing, unreadable, not a regular file or empty.
  static Result<MappedFile> Open(const std::string& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  ByteView bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  MappedFile() = default;
  std::string path_;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace cllm
