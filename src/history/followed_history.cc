#include "history/followed_history.h"

#include <utility>

#include "base/file.h"

namespace cllm {
namespace {

constexpr uint64_t kPiece = uint64_t{4} << 20;

}  // namespace

Result<std::unique_ptr<FollowedHistory>> FollowedHistory::Open(const std::string& log_path,
                                                               const HistoryOptions& options, uint64_t newest_bytes) {
  CLLM_ASSIGN(RunHistory whole, RunHistory::Open(log_path, options));
  CLLM_ASSIGN(const uint64_t size, FileSize(log_path));
  if (size < whole.bytes() + 3 * newest_bytes) {
    whole.ReadMore();
    return std::unique_ptr<FollowedHistory>(new FollowedHistory(std::move(whole)));
  }
  CLLM_ASSIGN(RunHistory newest, RunHistory::OpenNewest(log_path, newest_bytes));
  std::unique_ptr<FollowedHistory> followed(new FollowedHistory(std::move(newest)));
  followed->reader_ =
      std::jthread([self = followed.get(), moved = std::move(whole)](const std::stop_token& stop) mutable {
        self->ReadWhole(stop, std::move(moved));
      });
  return followed;
}

void FollowedHistory::ReadWhole(const std::stop_token& stop, RunHistory whole) {
  while (!stop.stop_requested() && !whole.at_end()) whole.ReadMore(kPiece);
  if (stop.stop_requested()) return;
  // Without an index the log is read again next time.
  (void)whole.SaveIndex().ok();
  const std::lock_guard lock(mutex_);
  shown_ = std::move(whole);
  replaced_ = true;
}

Growth FollowedHistory::Follow(const RunHistory::LineSink& sink) {
  const std::lock_guard lock(mutex_);
  const Growth growth = shown_.ReadMore(0, sink);
  return std::exchange(replaced_, false) ? Growth::kAnew : growth;
}

}  // namespace cllm
