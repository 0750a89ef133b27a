#include "serve/testing/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>

namespace cllm {
namespace {

constexpr time_t kPatience_s = 60;

bool SameName(const std::string& a, const std::string& b) {
  return std::ranges::equal(a, b, [](char x, char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string HttpReply::Header(const std::string& name) const {
  for (const auto& [key, value] : headers) {
    if (SameName(key, name)) return value;
  }
  return "";
}

std::vector<std::string> HttpReply::Events() const {
  std::vector<std::string> events;
  for (size_t begin = 0; begin < body.size();) {
    const size_t end = std::min(body.find("\n\n", begin), body.size());
    const std::string event = body.substr(begin, end - begin);
    if (event.starts_with("data: ")) events.push_back(event.substr(6));
    begin = end + 2;
  }
  return events;
}

HttpClient::HttpClient(uint16_t port, const std::string& address) {
  const bool v6 = address.find(':') != address.npos;
  socket_ = socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{kPatience_s, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in to4{};
  sockaddr_in6 to6{};
  to4.sin_family = AF_INET;
  to6.sin6_family = AF_INET6;
  to4.sin_port = to6.sin6_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &to4.sin_addr);
  inet_pton(AF_INET6, address.c_str(), &to6.sin6_addr);
  const int done = v6 ? connect(socket_, reinterpret_cast<sockaddr*>(&to6), sizeof(to6))
                      : connect(socket_, reinterpret_cast<sockaddr*>(&to4), sizeof(to4));
  if (done != 0) Close();
}

HttpClient::~HttpClient() { Close(); }

void HttpClient::Close() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void HttpClient::Abort() {
  const linger now{1, 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  Close();
}

void HttpClient::HalfClose() { shutdown(socket_, SHUT_WR); }

bool HttpClient::Send(const std::string& bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (n <= 0) return false;
    done += static_cast<size_t>(n);
  }
  return true;
}

bool HttpClient::Fill() {
  std::array<char, 16384> bytes;
  const ssize_t n = recv(socket_, bytes.data(), bytes.size(), 0);
  if (n <= 0) return false;
  buffer_.append(bytes.data(), static_cast<size_t>(n));
  return true;
}

std::string HttpClient::TakeLine() {
  size_t end;
  while ((end = buffer_.find("\r\n")) == buffer_.npos) {
    if (!Fill()) return "";
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

std::string HttpClient::Take(size_t bytes) {
  while (buffer_.size() < bytes && Fill()) {
  }
  bytes = std::min(bytes, buffer_.size());
  std::string taken = buffer_.substr(0, bytes);
  buffer_.erase(0, bytes);
  return taken;
}

std::string HttpClient::ReadUntil(const std::string& text) {
  size_t at;
  while ((at = buffer_.find(text)) == buffer_.npos) {
    if (!Fill()) return std::exchange(buffer_, {});
  }
  return Take(at + text.size());
}

bool HttpClient::ReadsEnd() {
  std::array<char, 4096> bytes;
  ssize_t n;
  while ((n = recv(socket_, bytes.data(), bytes.size(), 0)) > 0) {
  }
  return n == 0 || errno == ECONNRESET;
}

HttpReply HttpClient::Read(bool head_only) {
  HttpReply reply;
  const std::string status = TakeLine();
  if (!status.starts_with("HTTP/1.1 ")) return reply;
  reply.status = std::atoi(status.c_str() + 9);
  for (std::string line; !(line = TakeLine()).empty();) {
    const size_t colon = line.find(": ");
    reply.headers.emplace_back(line.substr(0, colon), colon == line.npos ? "" : line.substr(colon + 2));
  }
  if (reply.status == 100) return Read(head_only);
  if (head_only || reply.status == 204 || reply.status == 304) {
    reply.whole = true;
  } else if (reply.Header("Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::string line = TakeLine();
      if (line.empty()) break;  // broken off
      const size_t size = std::strtoul(line.c_str(), nullptr, 16);
      const std::string chunk = Take(size);
      if (chunk.size() < size) break;
      TakeLine();
      if (size == 0) {
        reply.whole = true;
        break;
      }
      reply.body += chunk;
      reply.chunks.push_back(chunk);
    }
  } else if (const std::string length = reply.Header("Content-Length"); !length.empty()) {
    const size_t size = std::strtoul(length.c_str(), nullptr, 10);
    reply.body = Take(size);
    reply.whole = reply.body.size() == size;
  } else {
    while (Fill()) {
    }
    reply.body = std::exchange(buffer_, {});
    reply.whole = true;
  }
  return reply;
}

std::string PostText(const std::string& path, const std::string& body, const std::string& more) {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

std::string GetText(const std::string& path, const std::string& more) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

HttpReply Call(uint16_t port, const std::string& request, bool head_only) {
  HttpClient client(port);
  if (!client.Send(request)) return {};
  return client.Read(head_only);
}

}  // namespace cllm
