#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "history/run_history.h"

namespace cllm {

// A run's log, kept up to date for many readers. A huge log without an index shows its newest part at once, while a
// thread of its own reads the whole and writes the index. Thread-safe.
class FollowedHistory {
 public:
  // newest_bytes: of a log that has more than thrice as many to be read, shown first. Error: as RunHistory::Open.
  static Result<std::unique_ptr<FollowedHistory>> Open(const std::string& log_path, const HistoryOptions& options,
                                                       uint64_t newest_bytes = uint64_t{8} << 20);
  FollowedHistory(const FollowedHistory&) = delete;
  FollowedHistory& operator=(const FollowedHistory&) = delete;
  ~FollowedHistory() = default;  // the thread ends with the piece that it reads

  // Reads what was appended, and tells `sink` of it (RunHistory::ReadMore); kAnew also when the whole has taken the
  // place of the newest part.
  Growth Follow(const RunHistory::LineSink& sink = {});

  // What `look` makes of the history, which nobody else reads or changes meanwhile.
  template <typename Look>
  auto With(const Look& look) const {
    const std::lock_guard lock(mutex_);
    return look(static_cast<const RunHistory&>(shown_));
  }

 private:
  explicit FollowedHistory(RunHistory shown) : shown_(std::move(shown)) {}
  void ReadWhole(const std::stop_token& stop, RunHistory whole);

  mutable std::mutex mutex_;  // for shown_ and replaced_
  RunHistory shown_;
  bool replaced_ = false;  // by the whole, since the last Follow
  std::jthread reader_;    // last: uses the others
};

}  // namespace cllm
