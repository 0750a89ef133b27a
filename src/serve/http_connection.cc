#include "serve/http_connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <chrono>
#include <utility>

namespace cllm {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr size_t kReadAhead = 64 << 10;            // bytes of further requests that are taken while one is answered
constexpr size_t kPiece = 16 << 10;                // that is read at once there
constexpr uint64_t kMostThrownAway = 64 << 20;     // while lingering
constexpr double kLinger_s = 2;

std::chrono::steady_clock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
}

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

class HttpConnection::Exchange final : public HttpExchange {
 public:
  Exchange(std::shared_ptr<HttpConnection> connection, HttpRequest request)
      : connection_(std::move(connection)), request_(std::move(request)) {}
  ~Exchange() override {
    if (connection_ == nullptr) return;
    if (!begun_) {
      Answer(connection_->hub_.refusal(500, "the server lost this request"));
    } else {
      connection_->Close();
    }
  }

  const HttpRequest& request() const override { return request_; }
  void Answer(const HttpAnswer& answer) override {
    begun_ = true;
    if (const auto connection = std::exchange(connection_, nullptr)) connection->Answer(answer);
  }
  void BeginStream(const HttpAnswer& head) override {
    begun_ = true;
    if (connection_) connection_->BeginStream(head);
  }
  void Send(std::string_view bytes) override {
    if (connection_) connection_->Send(bytes);
  }
  void EndStream() override {
    if (const auto connection = std::exchange(connection_, nullptr)) connection->EndAnswer();
  }
  void OnGone(std::function<void()> gone) override { on_gone_ = std::move(gone); }
  void OnSent(std::function<void()> sent) override { on_sent_ = std::move(sent); }

  void Sent() {
    if (on_sent_) on_sent_();
  }
  void Gone() {
    connection_ = nullptr;
    on_sent_ = nullptr;
    if (const auto gone = std::exchange(on_gone_, nullptr)) gone();
  }

 private:
  std::shared_ptr<HttpConnection> connection_;  // null after the answer's end; the connection holds no owner of this
  HttpRequest request_;
  std::function<void()> on_gone_, on_sent_;
  bool begun_ = false;
};

HttpConnection::HttpConnection(asio::ip::tcp::socket socket, HttpHub& hub)
    : socket_(std::move(socket)),
      hub_(hub),
      read_timer_(socket_.get_executor()),
      write_timer_(socket_.get_executor()) {}

HttpConnection::~HttpConnection() { CountBody(0); }

void HttpConnection::Start() {
  Error ignored;
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  AwaitRequest();
}

void HttpConnection::Close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  Error ignored;
  socket_.close(ignored);
  read_timer_.cancel();
  write_timer_.cancel();
  CountBody(0);
  const auto self = shared_from_this();  // may be the last owner's call
  hub_.on_closed(*this);
  if (const auto exchange = exchange_.lock()) {
    asio::post(socket_.get_executor(), [exchange] { exchange->Gone(); });
  }
}

// The bytes of the present request's body, of which the hub keeps the sum.
void HttpConnection::CountBody(uint64_t bytes) {
  hub_.body_bytes += bytes - body_bytes_;
  body_bytes_ = bytes;
}

void HttpConnection::ReadWithin(double seconds) {
  read_timer_.expires_after(Seconds(seconds));
  read_timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (!error) self->OnReadTimeout();
  });
}

void HttpConnection::OnReadTimeout() {
  // A timer that was set again just when it ran out.
  if (read_timer_.expiry() > std::chrono::steady_clock::now()) return;
  if (state_ == State::kHead || state_ == State::kBody) {
    Refuse(408, "the request did not arrive in time");
  } else if (state_ != State::kAnswering) {
    Close();
  }
}

void HttpConnection::AwaitRequest() {
  if (hub_.doors_closed) return Close();
  state_ = State::kIdle;
  idle_since_ = std::chrono::steady_clock::now();
  if (buffer_.size() > 0) return ReadHead();
  ReadWithin(hub_.limits.idle_s);
  Watch();
}

void HttpConnection::ReadHead() {
  state_ = State::kHead;
  ReadWithin(hub_.limits.head_s);
  parser_.emplace();
  parser_->header_limit(static_cast<uint32_t>(hub_.limits.head_bytes));
  parser_->body_limit(hub_.limits.body_bytes);
  http::async_read_header(socket_, buffer_, *parser_,
                          [self = shared_from_this()](const Error& error, size_t) { self->OnHead(error); });
}

void HttpConnection::OnHead(const Error& error) {
  if (state_ != State::kHead) return;
  if (error) return ReadFailed(error);
  const auto expected = parser_->get().find(http::field::expect);
  state_ = State::kBody;
  ReadWithin(hub_.limits.body_s);
  parser_->eager(true);
  if (expected != parser_->get().end() && parser_->get().version() >= 11) {
    if (!boost::beast::iequals(expected->value(), "100-continue")) {
      return Refuse(417, "Expect is understood as 100-continue only");
    }
    if (!parser_->is_done()) Write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  ReadBody();
}

void HttpConnection::ReadBody() {
  if (parser_->is_done()) return HandOver();
  http::async_read_some(socket_, buffer_, *parser_,
                        [self = shared_from_this()](const Error& error, size_t) { self->OnBody(error); });
}

void HttpConnection::OnBody(const Error& error) {
  if (state_ != State::kBody) return;
  if (error) return ReadFailed(error);
  CountBody(parser_->get().body().size());
  if (hub_.body_bytes > hub_.limits.all_body_bytes) {
    return Refuse(503, "too many requests are being read; try again");
  }
  ReadBody();
}

void HttpConnection::ReadFailed(const Error& error) {
  if (error == http::error::end_of_stream || error == http::error::partial_message) return Close();
  if (error == http::error::header_limit) {
    return Refuse(431, fmt::format("the request's head is larger than {} bytes", hub_.limits.head_bytes));
  }
  if (error == http::error::body_limit) {
    return Refuse(413, fmt::format("the request's body is larger than {} bytes", hub_.limits.body_bytes));
  }
  if (error.category() != make_error_code(http::error::bad_method).category()) return Close();
  Refuse(400, fmt::format("this is no HTTP request: {}", error.message()));
}

void HttpConnection::HandOver() {
  http::request<http::string_body> message = parser_->release();
  parser_.reset();
  CountBody(0);
  read_timer_.cancel();
  HttpRequest request{.method = std::string(View(message.method_string())),
                      .target = std::string(View(message.target()))};
  size_t hosts = 0;
  for (const auto& field : message) {
    request.headers.push_back({std::string(View(field.name_string())), std::string(View(field.value()))});
    hosts += field.name() == http::field::host ? 1 : 0;
  }
  request.body = std::move(message.body());
  http_1_0_ = message.version() < 11;
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) return Refuse(400, "a request has one Host header");
  state_ = State::kAnswering;
  keep_alive_ = message.keep_alive() && !hub_.doors_closed;
  head_only_ = request.method == "HEAD";
  answered_ = in_chunks_ = false;
  const auto exchange = std::make_shared<Exchange>(shared_from_this(), std::move(request));
  exchange_ = exchange;
  if (buffer_.size() < kReadAhead) Watch();
  hub_.handler(exchange);
}

void HttpConnection::Refuse(int status, const std::string& sentence) {
  // A read that is in progress ends, and finds another state.
  Error ignored;
  socket_.cancel(ignored);
  CountBody(0);
  state_ = State::kAnswering;
  read_timer_.cancel();
  keep_alive_ = head_only_ = false;
  answered_ = in_chunks_ = http_1_0_ = false;
  Answer(hub_.refusal(status, sentence));
}

void HttpConnection::Watch() {
  watching_ = true;
  socket_.async_read_some(buffer_.prepare(kPiece), [self = shared_from_this()](const Error& error, size_t bytes) {
    self->OnWatched(error, bytes);
  });
}

void HttpConnection::OnWatched(const Error& error, size_t bytes) {
  watching_ = false;
  if (state_ == State::kClosed) return;
  buffer_.commit(bytes);
  if (std::exchange(resuming_, false)) {
    const bool ended = error && error != asio::error::operation_aborted && error != asio::error::eof;
    return ended ? Close() : AwaitRequest();
  }
  if (error == asio::error::operation_aborted && state_ == State::kLingering) return Watch();
  // A client that closed its end before it has an answer wants none any more.
  if (error == asio::error::eof && state_ == State::kAnswering && answered_) return;
  if (error) return Close();
  if (state_ == State::kIdle) return ReadHead();
  if (state_ == State::kLingering) {
    thrown_away_ += bytes;
    buffer_.consume(buffer_.size());
    if (thrown_away_ > kMostThrownAway) return Close();
    return Watch();
  }
  if (buffer_.size() < kReadAhead) Watch();
}

std::string HttpConnection::ConnectionHeader() const {
  return keep_alive_ ? "Connection: keep-alive\r\n" : "Connection: close\r\n";
}

void HttpConnection::Answer(const HttpAnswer& answer) {
  if (state_ != State::kAnswering) return;
  if (hub_.doors_closed) keep_alive_ = false;
  const bool none = answer.status == 204 || answer.status == 304;
  const std::string length = none ? "" : fmt::format("Content-Length: {}\r\n", answer.body.size());
  std::string bytes = AnswerHead(answer, length + ConnectionHeader());
  if (!head_only_ && !none) bytes += answer.body;
  answered_ = true;
  Write(std::move(bytes));
}

void HttpConnection::BeginStream(const HttpAnswer& head) {
  if (state_ != State::kAnswering) return;
  in_chunks_ = !http_1_0_;
  if (http_1_0_ || hub_.doors_closed) keep_alive_ = false;  // there, the stream ends with the connection
  Write(AnswerHead(head, (in_chunks_ ? "Transfer-Encoding: chunked\r\n" : "") + ConnectionHeader()));
}

void HttpConnection::Send(std::string_view bytes) {
  if (state_ != State::kAnswering || bytes.empty() || head_only_) return;
  if (to_write_.size() > hub_.limits.unsent_bytes) return Close();
  Write(in_chunks_ ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string(bytes));
}

void HttpConnection::EndAnswer() {
  if (state_ != State::kAnswering) return;
  answered_ = true;
  Write(in_chunks_ && !head_only_ ? "0\r\n\r\n" : "");
}

void HttpConnection::Write(std::string bytes) {
  to_write_ += bytes;
  if (!write_in_progress_) WriteSome();
}

void HttpConnection::WriteSome() {
  if (written_ == writing_.size()) {
    writing_ = std::exchange(to_write_, {});
    written_ = 0;
  }
  write_in_progress_ = true;
  write_timer_.expires_after(Seconds(hub_.limits.write_s));
  write_timer_.async_wait([self = shared_from_this()](const Error& error) {
    if (!error && self->write_timer_.expiry() <= std::chrono::steady_clock::now()) self->Close();
  });
  socket_.async_write_some(
      asio::buffer(writing_.data() + written_, writing_.size() - written_),
      [self = shared_from_this()](const Error& error, size_t bytes) { self->OnWritten(error, bytes); });
}

void HttpConnection::OnWritten(const Error& error, size_t bytes) {
  write_in_progress_ = false;
  if (state_ == State::kClosed) return;
  // Called off together with a read that took too long; what is left goes out with the refusal.
  if (error && error != asio::error::operation_aborted) return Close();
  written_ += bytes;
  if (written_ < writing_.size() || !to_write_.empty()) return WriteSome();
  write_timer_.cancel();
  if (state_ != State::kAnswering) return;
  if (answered_) return AfterAnswer();
  if (const auto exchange = exchange_.lock()) exchange->Sent();
}

void HttpConnection::AfterAnswer() {
  exchange_.reset();
  if (!keep_alive_) return Linger();
  if (!watching_) return AwaitRequest();
  if (buffer_.size() > 0) {
    resuming_ = true;
    Error ignored;
    socket_.cancel(ignored);
    return;
  }
  if (hub_.doors_closed) return Close();
  state_ = State::kIdle;  // the read in progress brings the next request
  idle_since_ = std::chrono::steady_clock::now();
  ReadWithin(hub_.limits.idle_s);
}

void HttpConnection::Linger() {
  state_ = State::kLingering;
  Error ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  ReadWithin(kLinger_s);
  if (!watching_) Watch();
}

}  // namespace cllm
