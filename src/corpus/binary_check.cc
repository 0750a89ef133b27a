#include "corpus/binary_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace cllm {
namespace {

bool IsTextControl(uint8_t byte) { return (byte >= '\b' && byte <= '\r') || byte == 0x1B; }

bool IsBinaryControl(char c) {
  const uint8_t byte = static_cast<uint8_t>(c);
  return byte == 0x7F || (byte < 0x20 && !IsTextControl(byte));
}

// Where NUL bytes stand as in one of these encodings, what it looks like and how to convert it.
std::string WideHint(std::string_view start) {
  if (start.size() < 16) return "";
  std::array<size_t, 4> nul = {};  // by place in units of four
  for (size_t i = 0; i < start.size(); ++i) nul[i % 4] += start[i] == '\0';
  const size_t units = start.size() / 4;
  const auto many = [&](size_t place) { return nul[place] * 3 > units * 2; };
  const auto none = [&](size_t place) { return nul[place] * 50 < units; };
  const auto advice = [](std::string_view family, std::string_view name) {
    return fmt::format("; it looks like {} without a mark: `iconv -f {} -t UTF-8` converts it", family, name);
  };
  if (none(0) && many(2) && many(3)) return advice("UTF-32", "UTF-32LE");
  if (none(3) && many(0) && many(1)) return advice("UTF-32", "UTF-32BE");
  if (none(0) && none(2) && many(1) && many(3)) return advice("UTF-16", "UTF-16LE");
  if (none(1) && none(3) && many(0) && many(2)) return advice("UTF-16", "UTF-16BE");
  return "";
}

}  // namespace

std::string BinaryReason(std::string_view start) {
  const size_t nul = start.find('\0');
  if (nul != std::string_view::npos) return fmt::format("a NUL byte at offset {}{}", nul, WideHint(start));
  const auto controls = std::count_if(start.begin(), start.end(), IsBinaryControl);
  if (static_cast<size_t>(controls) * 20 <= start.size()) return "";
  return fmt::format("{} control bytes in its first {}", controls, start.size());
}

Status BinaryError(const std::string& path, const std::string& reason) {
  return BadInput(fmt::format("{} is binary ({}); expected text", path, reason));
}

}  // namespace cllm
