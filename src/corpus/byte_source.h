#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file_descriptor.h"
#include "base/status.h"

namespace cllm {

// A stream of bytes. One worker only.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Fills the start of `out` and returns how much; 0 means the end, for good. Errors (kBadInput) name the path.
  // REQUIRES: out is not empty.
  virtual Result<size_t> Read(std::span<char> out) = 0;
};

// The bytes of the regular file behind `fd` from its start, whatever its own position is. `fd` must outlive the source.
std::unique_ptr<ByteSource> ReadDescriptor(int fd, std::string path);

// The same of a file opened here.
Result<std::unique_ptr<ByteSource>> ReadPath(const std::string& path);

// Copies a descriptor that can be read only once (standard input, a pipe) into an unnamed temporary file in
// `directory`, which vanishes with the returned descriptor. `path` names the input in errors.
// Errors: kBadInput if it cannot be read or its start is binary (BinaryReason) without a
// mark of UTF-16 or UTF-32, kFailed if the copy cannot be written.
Result<FileDescriptor> SpoolToFile(int input, const std::string& path, const std::string& directory);

}  // namespace cllm
