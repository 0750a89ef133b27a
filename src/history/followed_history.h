#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "history/run_history.h"

namespace cllm {

// A run's log, kept up to date for many readers. A huge log without an index shows its newest part at once, while a thread
// of its own reads the whole and writes the index. Thread-safe.
class FollowedHistory {
 public:
  // Error: as RunHistory::Open.
  static Result<std::unique_ptr<FollowedHistory>> Open(const std::string& log_path, const HistoryOptions& options);
  ~FollowedHistory();  // ends its thread

  // Reads what was appended, and tells `sink` of it (RunHistory::ReadMore); kAnew also when the whole takes the place of
  // the newest part.
  Growth Follow(const RunHistory::LineSink& sink = {});

  // What `look` makes of the history, which nobody else reads or changes meanwhile.
  template <typename Look>
  auto With(const Look& look) const {
    const std::lock_guard lock(mutex_);
    return look(static_cast<const RunHistory&>(*shown_));
  }

 private:
  FollowedHistory() = default;
  void ReadWhole(const std::stop_token& stop, const std::string& log_path, const HistoryOptions& options);

  mutable std::mutex mutex_;  // for shown_ and whole_
  std::optional<RunHistory> shown_, whole_;
  std::jthread reader_;  // last: uses the others
};

}  // namespace cllm
