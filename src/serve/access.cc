#include "serve/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace cllm {
namespace {

constexpr std::array<std::string_view, 4> kLoopbackNames = {"localhost", "127.0.0.1", "[::1]", "::1"};
constexpr size_t kShownHost = 80;

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// "localhost" of "localhost:8080", "[::1]" of "[::1]:8080".
std::string HostName(std::string_view host) {
  const size_t bracket = host.rfind(']');
  const size_t colon = host.rfind(':');
  if (colon == host.npos || (bracket != host.npos && colon < bracket) || host.find(':') != colon) {
    return Lower(bracket == host.npos ? host : host.substr(0, bracket + 1));
  }
  return Lower(host.substr(0, colon));
}

bool IsLoopbackName(const std::string& name) {
  const std::string_view plain = std::string_view(name).substr(0, name.size() - (name.ends_with('.') ? 1 : 0));
  return std::ranges::count(kLoopbackNames, plain) > 0 || plain.ends_with(".localhost");
}

// The key that a request brings, in either header.
std::string_view KeyOf(const HttpRequest& request) {
  constexpr std::string_view kBearer = "bearer ";
  if (const std::string* authorization = request.Header("Authorization")) {
    const std::string_view text = *authorization;
    if (Lower(text.substr(0, kBearer.size())) == kBearer) {
      const size_t start = text.find_first_not_of(' ', kBearer.size());
      return start == text.npos ? "" : text.substr(start);
    }
  }
  const std::string* key = request.Header("X-Api-Key");
  return key == nullptr ? std::string_view() : std::string_view(*key);
}

}  // namespace

// Over the length of `a`, what a client sent: its time says that and no more.
bool EqualInConstantTime(std::string_view a, std::string_view b) {
  volatile uint8_t differs = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    differs = static_cast<uint8_t>(differs | static_cast<uint8_t>(a[i] ^ other));
  }
  return differs == 0;
}

std::optional<ApiError> Access::RefusesOrigin(const HttpRequest& request) const {
  const std::string* host = request.Header("Host");
  if (rules_.loopback && host != nullptr && !IsLoopbackName(HostName(*host))) {
    return StatusError(403,
                       fmt::format("the Host '{}' is not this server's: it answers to localhost, 127.0.0.1 and [::1]",
                                   host->substr(0, kShownHost)));
  }
  const std::string* origin = request.Header("Origin");
  if (origin == nullptr || AllowsOrigin(request)) return std::nullopt;
  // The server's own page.
  if (host != nullptr && (*origin == "http://" + *host || *origin == "https://" + *host)) return std::nullopt;
  return StatusError(403, fmt::format("web pages of '{}' may not ask this server{}", origin->substr(0, kShownHost),
                                      rules_.origin_advice));
}

std::optional<ApiError> Access::RefusesKey(const HttpRequest& request) const {
  if (rules_.api_key.empty()) return std::nullopt;
  const std::string_view key = KeyOf(request);
  if (EqualInConstantTime(key, rules_.api_key)) return std::nullopt;
  ApiError error = StatusError(401, key.empty() ? "this server wants an API key: 'Authorization: Bearer KEY'"
                                                : "the API key is not this server's");
  error.code = "invalid_api_key";
  return error;
}

bool Access::AllowsOrigin(const HttpRequest& request) const {
  const std::string* origin = request.Header("Origin");
  return origin != nullptr && std::ranges::any_of(rules_.cors_origins, [&](const std::string& allowed) {
           return allowed == "*" || Lower(allowed) == Lower(*origin);
         });
}

std::vector<HttpHeader> Access::Headers(const HttpRequest& request) const {
  if (!AllowsOrigin(request)) return {};
  return {{"Access-Control-Allow-Origin", *request.Header("Origin")},
          {"Vary", "Origin"},
          {"Access-Control-Expose-Headers", "Retry-After, X-Request-Id"}};
}

HttpAnswer Access::Preflight(const HttpRequest& request) const {
  HttpAnswer answer{.status = 204, .content_type = "", .headers = Headers(request)};
  if (answer.headers.empty()) return answer;
  answer.headers.push_back({"Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS"});
  answer.headers.push_back({"Access-Control-Max-Age", "86400"});
  // Clients of their own kind send headers of their own names.
  if (const std::string* asked = request.Header("Access-Control-Request-Headers")) {
    answer.headers.push_back({"Access-Control-Allow-Headers", *asked});
  }
  if (request.Header("Access-Control-Request-Private-Network") != nullptr) {
    answer.headers.push_back({"Access-Control-Allow-Private-Network", "true"});
  }
  return answer;
}

}  // namespace cllm
