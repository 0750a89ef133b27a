#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "data/token_file.h"

// The bytes of a token file's head and description (token_file.h), for its reader and its writer.
namespace cllm {

inline constexpr uint32_t kTokenFormat = 2;       // the newest
inline constexpr uint32_t kFormatWithSpans = 2;  // what has none is written in format 1
inline constexpr std::string_view kHeadMagic = "CLLMTOK\n";
inline constexpr std::string_view kDescriptionMagic = "CLLMEND\n";
inline constexpr size_t kHeadBytes = 16;
inline constexpr size_t kDescriptionBytes = 256;
inline constexpr size_t kDescriptionHashAt = 240;
// Up to here tokens fit two bytes.
inline constexpr uint64_t kMaxShortVocabulary = 65536;

// What the description holds.
struct TokenDescription {
  TokenFileInfo info;
  uint64_t documents_offset = 0;
  uint64_t file_bytes = 0;
  Hash128 content_hash;
  uint64_t spans_offset = 0;
};

inline uint32_t TokenBytes(uint64_t vocabulary) { return vocabulary <= kMaxShortVocabulary ? 2 : 4; }

using HeadBytes = std::array<std::byte, kHeadBytes>;
using DescriptionBytes = std::array<std::byte, kDescriptionBytes>;

HeadBytes EncodeHead(const TokenFileInfo& info);
DescriptionBytes EncodeDescription(const TokenDescription& description);

// What is wrong with the bytes, or "". REQUIRES: bytes has the size of its kind.
struct TokenHead {
  uint32_t format = 0;
  uint32_t token_bytes = 0;
};
std::string DecodeHead(ByteView bytes, TokenHead& head);
std::string DecodeDescription(ByteView bytes, TokenDescription& description);

}  // namespace cllm
