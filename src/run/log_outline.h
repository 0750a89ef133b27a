#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "run/run_score.h"
#include "store/json.h"

namespace cllm {

// What a log tells of how a run went, without its curves: for lists of many runs. Steps are passed over unread, and at
// each call only what was appended is read. Thread-compatible.
class LogOutline {
 public:
  // Reads on; all of it anew where another file is there, or a shorter one. One that is not there is an empty one.
  void ReadMore(const std::string& path);

  // The last evaluation that was the best, or that of the end.
  const std::optional<RunScore>& best() const { return best_; }
  bool ended() const { return ended_; }        // the last session came to its end
  bool diverged() const { return diverged_; }  // and this is why it did not
  // The last record of a step that is whole; none where there is no such one.
  std::optional<JsonObject> LastStep() const;

 private:
  void TakeLine(std::string_view line);
  void TakeEvent(const JsonObject& event);

  dev_t device_ = 0;
  ino_t file_ = 0;
  uint64_t read_ = 0;     // bytes of whole lines
  std::string last_step_;  // its line
  std::optional<RunScore> best_;
  bool ended_ = false, diverged_ = false;
};

}  // namespace cllm
