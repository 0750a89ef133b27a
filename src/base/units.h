#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

// Numbers as people write and read them. Errors are Usage and quote the text and an example; the caller puts the name
// of the option in front.
namespace cllm {

// Seconds of "90s", "1.5h", "3m30s", "2d4h" (d, h, m, s, each once, in that order) or of a plain number ("90").
// Error: anything else, or not above zero.
Result<double> ParseDuration(std::string_view text);

// A whole number in decimal digits.
Result<uint64_t> ParseCount(std::string_view text);

// A finite decimal number: "0.003", "3e-3", "-1".
Result<double> ParseReal(std::string_view text);

// Bytes of "1500", "20G", "1.5 GiB", "64mb": K, M, G and T are powers of 1024.
Result<uint64_t> ParseBytes(std::string_view text);

// "0.5s", "42s", "3m30s", "1h05m", "2d04h": two units at most. Not finite or negative: "unknown".
std::string FormatDuration(double seconds);

// "512 B", "1.5 KiB", "6.1 MiB", "2.0 GiB".
std::string FormatBytes(uint64_t bytes);

// "1,234,567".
std::string FormatCount(uint64_t count);

// Of parameters, to three digits: "259", "43.2 k", "0.8 M", "135 M", "1.1 B".
std::string FormatShortCount(uint64_t count);

}  // namespace cllm
