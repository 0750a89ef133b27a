#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "serve/api_error.h"
#include "serve/http.h"
#include "store/json.h"

namespace cllm {

// A text that is being written for a client, as server-sent events of {"text"}; an error before the first of them is an
// answer with its status, a later one an event. On the server's thread, but for gone().
class GenerationStream {
 public:
  GenerationStream(std::shared_ptr<HttpExchange> exchange, std::vector<HttpHeader> headers)
      : exchange_(std::move(exchange)), headers_(std::move(headers)) {}

  // Whether the client went away: nobody needs the rest. Thread-safe; relaxed, as no other data goes with it.
  bool gone() const { return gone_->load(std::memory_order_relaxed); }
  void WatchClient();

  void Text(const std::string& text) { Send({{"text", text}}); }
  // The last event.
  void Done(JsonFields fields);
  void Fail(int status, const std::string& sentence);

 private:
  void Send(const JsonFields& fields);

  std::shared_ptr<HttpExchange> exchange_;
  const std::vector<HttpHeader> headers_;
  const std::shared_ptr<std::atomic<bool>> gone_ =
      std::make_shared<std::atomic<bool>>(false);  // owners: this, the exchange
  bool begun_ = false;
};

}  // namespace cllm
