#include "serve/api_error.h"

namespace cllm {
namespace {

JsonValue OrNull(const std::string& text) {
  if (text.empty()) return {};
  return text;
}

std::string_view TypeOf(int status) {
  switch (status) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 404: return "not_found_error";
    case 429: return "rate_limit_error";
    case 503: return "unavailable_error";
  }
  return status >= 500 ? "server_error" : "invalid_request_error";
}

}  // namespace

JsonFields ErrorFields(const ApiError& error) {
  return {{"error", JsonFields{{"message", error.message},
                               {"type", error.type},
                               {"param", OrNull(error.param)},
                               {"code", OrNull(error.code)}}}};
}

HttpAnswer ErrorAnswer(const ApiError& error) {
  HttpAnswer answer{.status = error.status, .body = WriteJson(ErrorFields(error)) + "\n"};
  if (error.status == 429 || error.status == 503) answer.headers.push_back({"Retry-After", "1"});
  if (error.status == 401) answer.headers.push_back({"WWW-Authenticate", "Bearer"});
  return answer;
}

ApiError StatusError(int status, const std::string& sentence) {
  return {.status = status, .message = sentence, .type = std::string(TypeOf(status))};
}

HttpAnswer JsonAnswer(const JsonFields& fields) { return {.body = WriteJson(fields) + "\n"}; }

}  // namespace cllm
