#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/hash.h"
#include "base/status.h"

namespace cllm {

// A log that somebody else writes, read line by line as it grows. It is read, not mapped: who truncates it does no
// harm. Owns the open file, which stays the same one when another takes its name. Movable; thread-compatible.
class LogFile {
 public:
  // Longer ones are no records.
  static constexpr uint64_t kMaxLine = uint64_t{16} << 20;

  // Error (BadInput): it cannot be opened, or is no regular file.
  static Result<LogFile> Open(const std::string& path);

  using Lines = std::function<void(std::string_view line, uint64_t offset)>;
  // Calls `lines` for each whole line of the next bytes, about so many (0: all that are there), with the place of its
  // beginning and without its line break. True: something was read.
  bool Read(uint64_t bytes, const Lines& lines);
  // Goes on from a place; from the next line's beginning where that is not one. REQUIRES: nothing was read.
  void GoTo(uint64_t offset);

  // Where the first line begins that was not told.
  uint64_t line_offset() const { return line_offset_; }
  uint64_t long_lines() const { return long_lines_; }
  bool at_end() const;

  // What became of the file behind the path.
  enum class Place { kSame, kOther, kGone };
  // kOther: another file, or this one with other bytes before where it was read to.
  Place Look() const;
  double changed() const;  // seconds since 1970; 0: unknown
  uint64_t size() const;   // now

  // Bytes of the file, as many of these as there are.
  std::string At(uint64_t offset, uint64_t bytes) const;
  // A hash of its first bytes, of which at most 64 blocks are read: differs where the file is another one.
  Hash128 SampledHash(uint64_t bytes) const;

 private:
  LogFile(std::string path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  void Take(std::string_view block, const Lines& lines);

  std::string path_;
  FileDescriptor file_;
  std::string pending_;    // the beginning of a line whose end was not seen
  bool skipping_ = false;  // that line is too long, or its beginning was not seen
  uint64_t offset_ = 0;    // read up to here
  uint64_t line_offset_ = 0;
  uint64_t long_lines_ = 0;
  std::string mark_;  // the last bytes before line_offset_
};

}  // namespace cllm
