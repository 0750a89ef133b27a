#pragma once

// With Boost's headers: for the server's own files only.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "serve/http_server.h"

namespace cllm {

class HttpConnection;

// What the connections of a server share. On its thread.
struct HttpHub {
  HttpLimits limits;
  HttpServer::Handler handler;
  HttpServer::Refusal refusal;
  uint64_t body_bytes = 0;    // of requests that are being read
  bool doors_closed = false;  // no further requests
  std::function<void(HttpConnection& connection)> on_closed = {};
};

// One client's connection: reads requests and hands each to the hub's handler, one at a time, the next after the answer
// to the last. Lives as long as one of its operations is in progress, which it is until Close. On the server's thread.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(boost::asio::ip::tcp::socket socket, HttpHub& hub);
  ~HttpConnection();

  void Start();
  // At once; the client's exchange, if there is one, is told that it is gone.
  void Close();
  bool idle() const { return state_ == State::kIdle; }
  std::chrono::steady_clock::time_point idle_since() const { return idle_since_; }

 private:
  class Exchange;
  using Error = boost::system::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  // kIdle: nothing of a request is there. kAnswering: an exchange is open. kLingering: what still comes is thrown away,
  // so that the client reads the last answer before it learns that nobody listens.
  enum class State { kIdle, kHead, kBody, kAnswering, kLingering, kClosed };

  // Reading a request.
  void AwaitRequest();
  void ReadHead();
  void OnHead(const Error& error);
  void ReadBody();
  void OnBody(const Error& error);
  void ReadFailed(const Error& error);
  void HandOver();
  void Refuse(int status, const std::string& sentence);

  // What comes while no request is being read: the next one, or the client's end.
  void Watch();
  void OnWatched(const Error& error, size_t bytes);

  // Answering: called by the exchange.
  void Answer(const HttpAnswer& answer);
  void BeginStream(const HttpAnswer& head);
  void Send(std::string_view bytes);
  void EndAnswer();
  void Write(std::string bytes);
  void WriteSome();
  void OnWritten(const Error& error, size_t bytes);
  void AfterAnswer();
  void Linger();
  std::string ConnectionHeader() const;

  void ReadWithin(double seconds);
  void OnReadTimeout();
  void CountBody(uint64_t bytes);

  boost::asio::ip::tcp::socket socket_;
  HttpHub& hub_;
  State state_ = State::kIdle;
  std::chrono::steady_clock::time_point idle_since_ = std::chrono::steady_clock::now();
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  boost::asio::steady_timer read_timer_, write_timer_;
  uint64_t body_bytes_ = 0;    // counted in the hub
  uint64_t thrown_away_ = 0;
  bool watching_ = false;      // a Watch is in progress
  bool resuming_ = false;      // it was called off because the next request is in the buffer

  // Of the present answer.
  std::weak_ptr<Exchange> exchange_;
  bool keep_alive_ = true;  // after it
  bool http_1_0_ = false, head_only_ = false;
  bool in_chunks_ = false;  // it is a stream in chunks
  bool answered_ = false;   // all of it was handed to Write

  std::string writing_, to_write_;  // what the system is taking, and what comes after
  size_t written_ = 0;              // of writing_
  bool write_in_progress_ = false;
};

}  // namespace cllm
