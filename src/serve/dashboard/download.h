#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "serve/http.h"

namespace cllm {

// A long answer that a thread of its own makes piece by piece, no faster than the client takes it. Made and destroyed
// by shared owners: the thread, and what it posts to the server's thread.
class Download : public std::enable_shared_from_this<Download> {
 public:
  using Post = std::function<void(std::function<void()> work)>;  // to the server's thread
  Download(std::shared_ptr<HttpExchange> exchange, Post post)
      : exchange_(std::move(exchange)), post_(std::move(post)) {}

  // On the server's thread: sends the head.
  void Begin(const HttpAnswer& head);
  // On the other one: sends a piece; waits while much is on its way. Error (Failed): the client is gone, or stop was
  // asked.
  Status Push(std::string_view piece, const std::stop_token& stop);
  // All was pushed; one that is let go without it is cut off, so that the client sees that something is missing.
  void Finish();
  void CutOff();

 private:
  std::shared_ptr<HttpExchange> exchange_;
  const Post post_;
  std::mutex mutex_;  // of what follows
  std::condition_variable_any changed_;
  size_t on_its_way_ = 0;  // bytes
  bool gone_ = false;
};

}  // namespace cllm
