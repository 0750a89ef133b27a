#include "serve/http.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>

namespace cllm {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return Lower(x) == Lower(y); });
}

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7).
std::string Now() {
  static constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", kDays[static_cast<size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<size_t>(utc.tm_mon)], 1900 + utc.tm_year, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

}  // namespace

const std::string* HttpRequest::Header(std::string_view name) const {
  const auto found = std::ranges::find_if(headers, [&](const HttpHeader& each) { return SameName(each.name, name); });
  return found == headers.end() ? nullptr : &found->value;
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 304: return "Not Modified";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
  }
  return "Status";
}

std::string AnswerHead(const HttpAnswer& answer, std::string_view more) {
  std::string head = fmt::format("HTTP/1.1 {} {}\r\nServer: cllm\r\nDate: {}\r\n", answer.status,
                                 ReasonPhrase(answer.status), Now());
  if (!answer.content_type.empty()) {
    head += fmt::format("Content-Type: {}\r\nX-Content-Type-Options: nosniff\r\n", answer.content_type);
  }
  for (const HttpHeader& header : answer.headers) head += fmt::format("{}: {}\r\n", header.name, header.value);
  head += more;
  head += "\r\n";
  return head;
}

}  // namespace cllm
