#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cllm {

// How much of a text's start decides whether it is binary.
inline constexpr size_t kBinaryCheckBytes = 8192;

// Why the start of a text looks binary, or "" if it does not. Binary is: a NUL byte, or more than one byte in twenty
// that is a control character other than tab, line feed, vertical tab, form feed, carriage return, backspace and
// escape. For what looks like UTF-16 or UTF-32, how to convert it. (Compressed or random bytes hold a NUL or about one
// such byte in ten; text in any 8-bit encoding none.)
std::string BinaryReason(std::string_view start);

// kBadInput: "x.bin is binary (a NUL byte at 17); expected text".
Status BinaryError(const std::string& path, const std::string& reason);

}  // namespace cllm
