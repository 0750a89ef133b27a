#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/file_descriptor.h"
#include "base/status.h"
#include "store/file_system.h"

// A run directory: all that one training produced.
namespace cllm {

// Where things lie in a run. A plain value.
struct RunPaths {
  std::string run;

  std::string config() const;     // config.toml
  std::string tokenizer() const;  // tokenizer.json
  std::string lattice() const;    // lattice.json
  std::string log() const;        // log.jsonl
  std::string samples() const;    // samples.txt
  std::string report() const;     // report.html
  std::string lock() const;       // lock
  // Texts that a program gave from its memory.
  std::string given_text() const;        // given_text.txt
  std::string given_validation() const;  // given_validation.txt
};

// Makes an empty run directory and its parents. Error: Usage if it exists and is not empty (it is left alone), or is
// no directory; Failed if the system refuses.
Status CreateRunDirectory(FileSystem& files, const std::string& path);

// Makes PARENT/<name of the text>-<n> with the first n from 1 that comes after all there, and returns its path. The
// name is that of the file without extension or of the folder, other characters than letters, digits, '_', '-' and
// bytes above 127 replaced by '-'; "run" if nothing is left.
Result<std::string> CreateNumberedRun(FileSystem& files, const std::string& parent, const std::string& text);

// A directory that holds a run: config.toml is there. Error: BadInput naming the path and what was found.
Status CheckRunDirectory(const std::string& path);

// Whether a directory has what a run has from its start on: config.toml beside checkpoints/, log.jsonl or
// tokenizer.json.
bool LooksLikeRun(const std::string& path);

// The right to write a run, held by one process at a time: a lock on RUN/lock, whose text names process and host. The
// system drops the lock when its process ends, however that happens, so one left behind by a killed process is taken
// over. On file systems without locks the process named in the file decides. Movable.
class RunLock {
 public:
  // Error: Usage if another process (or this one) holds it, naming that process and host; Failed if the system refuses.
  static Result<RunLock> Acquire(const std::string& run);
  // Who holds it now, "process 12 on host", or "" if nobody does.
  static std::string Holder(const std::string& run);
  // The same for programs; none if nobody does. The process is 0 where the lock does not name it.
  struct Owner {
    int process = 0;
    std::string host = {};
  };
  static std::optional<Owner> FindOwner(const std::string& run);

  RunLock(RunLock&& other) noexcept = default;
  RunLock& operator=(RunLock&& other) noexcept;
  ~RunLock();  // releases

 private:
  explicit RunLock(FileDescriptor file) : file_(std::move(file)) {}
  void Release();
  FileDescriptor file_;
};

}  // namespace cllm
