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

}  // namespace

std::string BinaryReason(std::string_view start) {
  if (start.starts_with("\xFF\xFE") || start.starts_with("\xFE\xFF")) {
    return "it starts with the byte order mark of UTF-16; convert it to UTF-8 first";
  }
  const size_t nul = start.find('\0');
  if (nul != std::string_view::npos) return fmt::format("a NUL byte at offset {}", nul);
  const auto controls = std::count_if(start.begin(), start.end(), IsBinaryControl);
  if (static_cast<size_t>(controls) * 20 <= start.size()) return "";
  return fmt::format("{} control bytes in its first {}", controls, start.size());
}

Status BinaryError(const std::string& path, const std::string& reason) {
  return BadInput(fmt::format("{} is binary ({}); expected text", path, reason));
}

}  // namespace cllm
