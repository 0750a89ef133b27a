#include "corpus/binary_check.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>

namespace cllm {
namespace {

bool IsTextControl(uint8_t byte) { return (byte >= '\b' && byte <= '\r') || byte == 0x1B; }

bool IsBinaryControl(char c) {
  const uint8_t byte = static_cast<uint8_t>(c);
  return byte == 0x7F || (byte < 0x20 && !IsTextControl(byte));
}

// Where every second byte of much is NUL, what it looks like and how to convert it.
std::string Utf16Hint(std::string_view start) {
  size_t nul[2] = {0, 0};
  for (size_t i = 0; i < start.size(); ++i) nul[i % 2] += start[i] == '\0';
  const auto most = [&](size_t which) { return nul[which] * 3 > start.size() && nul[1 - which] * 100 < start.size(); };
  const char* order = most(1) ? "LE" : most(0) ? "BE" : nullptr;
  if (start.size() < 16 || order == nullptr) return "";
  return fmt::format("; it looks like UTF-16 without a mark: `iconv -f UTF-16{} -t UTF-8` converts it", order);
}

}  // namespace

std::string BinaryReason(std::string_view start) {
  const size_t nul = start.find('\0');
  if (nul != std::string_view::npos) return fmt::format("a NUL byte at offset {}{}", nul, Utf16Hint(start));
  const auto controls = std::count_if(start.begin(), start.end(), IsBinaryControl);
  if (static_cast<size_t>(controls) * 20 <= start.size()) return "";
  return fmt::format("{} control bytes in its first {}", controls, start.size());
}

Status BinaryError(const std::string& path, const std::string& reason) {
  return BadInput(fmt::format("{} is binary ({}); expected text", path, reason));
}

}  // namespace cllm
