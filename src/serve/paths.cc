#include "serve/paths.h"

namespace cllm {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "http://host:8080/x", as a proxy sends it, is "/x".
std::string_view PathOf(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  const size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return target;
  const size_t slash = target.find('/', scheme + 3);
  return slash == target.npos ? "/" : target.substr(slash);
}

}  // namespace

std::string DecodedEscapes(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0;
    decoded += escape ? static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])) : text[i];
    if (escape) i += 2;
  }
  return decoded;
}

std::string NormalPath(std::string_view target) {
  constexpr std::string_view kVersion = "/v1";
  std::string path = "/";
  for (const char c : DecodedEscapes(PathOf(target))) {
    if (c != '/' || path.back() != '/') path += c;
  }
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  while (path == kVersion || path.starts_with("/v1/")) path.erase(0, kVersion.size());
  return path.empty() ? "/" : path;
}

}  // namespace cllm
