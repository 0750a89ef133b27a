// Loads a server: so many streams at a time, each a request after the other, seeded, and tells tokens per second, time
// to the first token, and its own processor time.
//
//   serve_load PORT STREAMS REQUESTS TOKENS [PROMPT]
//
// With REQUESTS of 1,000 and more, every tenth is given up after its first token and another tenth is no JSON; every
// whole answer to the same seed has to be the same.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/system.h"

namespace {

constexpr size_t kSeeds = 50;
constexpr size_t kMixed = 1000;  // requests from which on some are given up and some malformed

enum class Kind { kWhole, kGivenUp, kMalformed };

struct Load {
  uint16_t port;
  size_t streams, requests, tokens;
  std::string prompt;
};

struct Stream {
  int socket = -1;
  size_t request = 0;
  Kind kind = Kind::kWhole;
  double sent_s = 0;
  bool first = false;
  std::string received = "";
};

struct Result {
  size_t tokens = 0, whole = 0, given_up = 0, malformed = 0;
  std::vector<double> first_s = {};
  std::map<size_t, std::string> texts = {};  // by seed
  size_t different = 0;
};

int Connect(uint16_t port) {
  const int connected = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(connect(connected, reinterpret_cast<sockaddr*>(&to), sizeof(to)) == 0);
  return connected;
}

void Begin(const Load& load, size_t number, Stream& stream) {
  stream.request = number;
  stream.kind = load.requests < kMixed   ? Kind::kWhole
                : number % 10 == 3       ? Kind::kGivenUp
                : number % 10 == 7       ? Kind::kMalformed
                                         : Kind::kWhole;
  if (stream.socket < 0) stream.socket = Connect(load.port);
  std::string body = fmt::format(
      "{{\"prompt\": \"{}\", \"max_tokens\": {}, \"seed\": {}, \"ignore_eos\": true, \"stream\": true, "
      "\"stream_options\": {{\"include_usage\": true}}}}",
      load.prompt, load.tokens, number % kSeeds);
  if (stream.kind == Kind::kMalformed) body.pop_back();
  const std::string request = fmt::format(
      "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  stream.received.clear();
  stream.first = false;
  stream.sent_s = cllm::MonotonicSeconds();
  CHECK(send(stream.socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
}

// The stream's texts, one after the other, as they stand in the JSON.
std::string TextOf(const std::string& received) {
  constexpr std::string_view kBefore = "\"text\":\"";
  std::string text;
  for (size_t at = received.find(kBefore); at != received.npos; at = received.find(kBefore, at)) {
    at += kBefore.size();
    size_t end = at;
    while (received[end] != '"') end += received[end] == '\\' ? 2 : 1;
    text += received.substr(at, end - at);
  }
  return text;
}

void CountWhole(Stream& stream, Result& result) {
  constexpr std::string_view kName = "\"completion_tokens\":";
  const size_t at = stream.received.find(kName);
  CHECK(at != stream.received.npos);
  result.tokens += std::strtoul(stream.received.c_str() + at + kName.size(), nullptr, 10);
  ++result.whole;
  const auto [known, inserted] = result.texts.emplace(stream.request % kSeeds, TextOf(stream.received));
  if (!inserted && known->second != TextOf(stream.received)) ++result.different;
}

// What came; true: the request is over.
bool Take(Stream& stream, Result& result) {
  std::array<char, 65536> bytes;
  const ssize_t n = recv(stream.socket, bytes.data(), bytes.size(), 0);
  CHECK(n > 0);
  stream.received.append(bytes.data(), static_cast<size_t>(n));
  if (stream.kind == Kind::kMalformed) {
    if (stream.received.find("invalid_json") == stream.received.npos) return false;
    ++result.malformed;
    return true;
  }
  if (!stream.first && stream.received.find("\"text\":\"") != stream.received.npos) {
    stream.first = true;
    result.first_s.push_back(cllm::MonotonicSeconds() - stream.sent_s);
    if (stream.kind == Kind::kGivenUp) {
      close(stream.socket);
      stream.socket = -1;
      ++result.given_up;
      return true;
    }
  }
  if (!stream.received.ends_with("data: [DONE]\n\n\r\n0\r\n\r\n")) return false;
  CountWhole(stream, result);
  return true;
}

Result Run(const Load& load) {
  Result result;
  std::vector<Stream> streams(load.streams);
  size_t next = 0, open = 0;
  for (Stream& stream : streams) {
    if (next < load.requests) Begin(load, next++, stream), ++open;
  }
  while (open > 0) {
    std::vector<pollfd> waited;
    for (const Stream& stream : streams) waited.push_back({stream.socket, POLLIN, 0});
    CHECK(poll(waited.data(), waited.size(), -1) > 0);
    for (size_t i = 0; i < streams.size(); ++i) {
      if (waited[i].revents == 0 || !Take(streams[i], result)) continue;
      if (next < load.requests) {
        Begin(load, next++, streams[i]);
      } else {
        --open;
        if (streams[i].socket >= 0) close(streams[i].socket);
        streams[i].socket = -1;
      }
    }
  }
  return result;
}

double ProcessorSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    fmt::print(stderr, "serve_load PORT STREAMS REQUESTS TOKENS [PROMPT]\n");
    return 2;
  }
  const Load load{.port = static_cast<uint16_t>(std::atoi(argv[1])),
                  .streams = std::strtoul(argv[2], nullptr, 10),
                  .requests = std::strtoul(argv[3], nullptr, 10),
                  .tokens = std::strtoul(argv[4], nullptr, 10),
                  .prompt = argc > 5 ? argv[5] : "It was"};
  const double begin = cllm::MonotonicSeconds();
  Result result = Run(load);
  const double seconds = cllm::MonotonicSeconds() - begin;
  std::ranges::sort(result.first_s);
  const auto quantile = [&](double share) {
    const size_t n = result.first_s.size();
    return n == 0 ? 0.0 : 1e3 * result.first_s[std::min(n - 1, static_cast<size_t>(share * static_cast<double>(n)))];
  };
  fmt::print("streams {}, requests {}: whole {}, given up {}, malformed {}\n", load.streams, load.requests,
             result.whole, result.given_up, result.malformed);
  fmt::print("tokens/s {:.0f} in all, {:.0f} a stream; first token {:.1f} ms median, {:.1f} ms 99th; processor of this "
             "program {:.2f} s of {:.2f} s\n",
             static_cast<double>(result.tokens) / seconds,
             static_cast<double>(result.tokens) / seconds / static_cast<double>(load.streams), quantile(0.5),
             quantile(0.99), ProcessorSeconds(), seconds);
  fmt::print("answers that differ from the first to their seed: {}\n", result.different);
  return result.different == 0 ? 0 : 1;
}
