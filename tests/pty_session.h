#pragma once

#include <string>
#include <vector>

#include "program.h"

namespace cllm::testing {

// The program on a terminal of its own, typed to and read from. Nothing waits for a time: Expect reads until the text
// is there, so that a test whose text never comes ends by its own limit.
class PtySession {
 public:
  // Starts in the sandbox's directory. environment: "NAME=value", added.
  PtySession(const Sandbox& box, std::vector<std::string> arguments, const std::vector<std::string>& environment = {});
  ~PtySession();
  PtySession(const PtySession&) = delete;
  PtySession& operator=(const PtySession&) = delete;

  void Type(std::string_view keys);
  void Resize(size_t columns, size_t rows);
  // Reads until `text` was shown after what former calls found; fails if the program ends before. Returns what was
  // shown up to it.
  std::string Expect(std::string_view text);
  // Reads to the end; the exit code, or 128 + the signal.
  int End();

  // All that was shown.
  const std::string& shown() const { return shown_; }
  int pid() const { return pid_; }

 private:
  bool ReadMore();

  int terminal_ = -1, pid_ = -1;
  std::string shown_;
  size_t found_ = 0;
};

inline constexpr const char* kCtrlC = "\x03";
inline constexpr const char* kCtrlD = "\x04";

}  // namespace cllm::testing
