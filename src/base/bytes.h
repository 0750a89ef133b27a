#pragma once

#include <bit>
#include <cstddef>
#include <span>
#include <string_view>

namespace cllm {

// Files hold little-endian numbers and are read and written as they lie in memory.
static_assert(std::endian::native == std::endian::little);

// Read-only bytes that someone else owns.
using ByteView = std::span<const std::byte>;

inline ByteView AsBytes(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }
inline std::string_view AsText(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace cllm
