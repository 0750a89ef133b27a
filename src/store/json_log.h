#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "store/file_system.h"
#include "store/json.h"

namespace cllm {

// log.jsonl: one JSON object a line, appended, handed to the system line by line. Owns the open file; one thread at a
// time.
class JsonLog {
 public:
  // `files` must outlive the log. Error: Failed.
  static Result<JsonLog> Open(FileSystem& files, const std::string& path);

  // Appends one record. A field that is NaN or infinite is written as null, and "nan": true is added. A failed write
  // leaves no part of the line behind. Error: Failed.
  Status Write(const JsonFields& record);

 private:
  JsonLog(FileSystem& files, std::string path, std::unique_ptr<OutputFile> file, uint64_t bytes);
  Status RemoveTornLine();

  FileSystem* files_;
  std::string path_;
  std::unique_ptr<OutputFile> file_;
  uint64_t bytes_;     // whole lines in the file
  bool torn_ = false;  // part of a line may follow them
};

// What TruncateLog did, in lines.
struct LogTruncation {
  uint64_t kept = 0;
  uint64_t dropped = 0;
};

// Prepares a log for going on from `step`: drops records whose "step" is greater, records without a step that come
// after the first of those, and lines that are not a JSON object (a torn last line). The file is replaced atomically,
// and only if something is dropped. A missing log is not an error.
Result<LogTruncation> TruncateLog(FileSystem& files, const std::string& path, uint64_t step);

}  // namespace cllm
