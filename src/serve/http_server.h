#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "serve/http.h"

namespace cllm {

// An HTTP/1.1 server on one thread, the one that calls Run: keep-alive, pipelined requests (answered one after the
// other), chunked bodies, Expect: 100-continue, HTTP/1.0, HEAD. It answers what is no HTTP, too large or too slow
// itself, by `refusal`, and sees a client that goes away while its answer is awaited. Not a proxy, no TLS.
class HttpServer {
 public:
  using Handler = std::function<void(const std::shared_ptr<HttpExchange>& exchange)>;
  // The body of the server's own answers with an error status.
  using Refusal = std::function<HttpAnswer(int status, const std::string& sentence)>;

  // Listens at each of the addresses; port 0 is any free one, the same for all. An address of a protocol that the
  // machine does not have is left out if another remains. Error (Failed): one sentence that names address and port.
  static Result<std::unique_ptr<HttpServer>> Listen(const std::vector<std::string>& addresses, uint16_t port,
                                                    const HttpLimits& limits, Handler handler, Refusal refusal);
  virtual ~HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  virtual uint16_t port() const = 0;
  // The addresses that are listened at: "127.0.0.1", "::1".
  virtual const std::vector<std::string>& addresses() const = 0;

  // Serves until Stop.
  virtual void Run() = 0;
  // Runs the work on Run's thread, after what it is doing. Thread-safe; work that comes after Stop is dropped.
  virtual void Post(std::function<void()> work) = 0;

  // What follows is for Run's thread, and before it runs.
  virtual size_t connections() const = 0;
  // Calls `work` again and again, so many seconds apart.
  virtual void Every(double seconds, std::function<void()> work) = 0;
  // Calls `on_signal` for each of the process's SIGINT, SIGTERM and SIGHUP (unless it is ignored) while it serves.
  virtual void OnSignals(std::function<void(int signal)> on_signal) = 0;
  // Takes no new connections and requests; connections end with their present answers.
  virtual void CloseDoors() = 0;
  // Ends Run. Connections are cut.
  virtual void Stop() = 0;

 protected:
  HttpServer() = default;
};

}  // namespace cllm
