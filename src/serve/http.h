#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

// HTTP messages and what answers them, without the library that carries them.
namespace cllm {

struct HttpHeader {
  std::string name, value;
};

// A request that was read whole. A plain value.
struct HttpRequest {
  std::string method;         // "GET"
  std::string target;         // "/v1/models?x=y", as it was sent
  std::vector<HttpHeader> headers = {};
  std::string body = "";

  // The first header of that name in any case, without spaces around it; null if there is none.
  const std::string* Header(std::string_view name) const;
};

// The head of an answer, and its body where that is sent at once. A plain value.
struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";  // none for an answer without a body
  std::vector<HttpHeader> headers = {};           // beside those that every answer has
  std::string body = "";
};

// A request that is being answered: at once with Answer, or by a stream. Both may come long after it was handed over.
// One that is let go without an answer gets an error 500. What is sent when the client is gone goes nowhere. On the
// server's thread only.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;

  virtual const HttpRequest& request() const = 0;
  virtual void Answer(const HttpAnswer& answer) = 0;
  // The head is sent at once; its body is not looked at.
  virtual void BeginStream(const HttpAnswer& head) = 0;
  virtual void Send(std::string_view bytes) = 0;
  virtual void EndStream() = 0;
  // Called each time that all which was sent of a stream is on its way, never from within another call: for who has
  // more to send than should wait in memory.
  virtual void OnSent(std::function<void()> sent) = 0;
  // Called, once and never from within another call, when the client goes away before the answer's end.
  virtual void OnGone(std::function<void()> gone) = 0;
};

// Seconds and bytes after which a client is not waited for.
struct HttpLimits {
  size_t connections = 1024;
  size_t head_bytes = 32 << 10;
  uint64_t body_bytes = 4 << 20;
  uint64_t all_body_bytes = 256 << 20;  // of all requests that are being read
  size_t unsent_bytes = 4 << 20;        // of a stream whose client does not read
  double head_s = 30;                   // from a request's first byte to the end of its head
  double body_s = 120;                  // from there to the end of its body
  double idle_s = 75;                   // between requests
  double write_s = 60;                  // without any progress
};

// "Not Found" of 404.
std::string_view ReasonPhrase(int status);
// The first lines of an answer. `more`: headers of the connection, each "Name: value\r\n".
std::string AnswerHead(const HttpAnswer& answer, std::string_view more);

}  // namespace cllm
