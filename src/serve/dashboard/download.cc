#include "serve/dashboard/download.h"

#include <utility>

namespace cllm {
namespace {

constexpr size_t kMostOnTheWay = size_t{1} << 20;

}  // namespace

void Download::Begin(const HttpAnswer& head) {
  // The exchange must not own who owns it.
  const std::weak_ptr<Download> self = weak_from_this();
  exchange_->OnGone([self] {
    const auto download = self.lock();
    if (download == nullptr) return;
    const std::lock_guard lock(download->mutex_);
    download->gone_ = true;
    download->changed_.notify_all();
  });
  exchange_->OnSent([self] {
    const auto download = self.lock();
    if (download == nullptr) return;
    const std::lock_guard lock(download->mutex_);
    download->on_its_way_ = 0;
    download->changed_.notify_all();
  });
  exchange_->BeginStream(head);
}

Status Download::Push(std::string_view piece, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return gone_ || on_its_way_ < kMostOnTheWay; });
  if (gone_ || stop.stop_requested()) return Failed("nobody takes the answer any more");
  on_its_way_ += piece.size();
  lock.unlock();
  post_([exchange = exchange_, text = std::string(piece)] { exchange->Send(text); });
  return {};
}

void Download::Finish() {
  post_([exchange = std::move(exchange_)] { exchange->EndStream(); });
}

// The exchange goes on the server's thread, which closes the connection.
void Download::CutOff() {
  post_([exchange = std::move(exchange_)]() mutable { exchange.reset(); });
}

}  // namespace cllm
