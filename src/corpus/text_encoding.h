#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "corpus/byte_source.h"

namespace cllm {

// How a text was encoded, by the mark at its start; filled while it is read.
struct Decoding {
  std::string_view encoding = "";  // "UTF-16" or "UTF-32"; "": as it is
  uint64_t replaced = 0;           // units that encode no character: U+FFFD stands for each
};

// The same text as UTF-8, without the mark: bytes behind EF BB BF as they are, UTF-16 and UTF-32 behind theirs (of
// either byte order) converted; a text without a mark is left alone. `decoding` must outlive the source.
std::unique_ptr<ByteSource> DecodeMarkedText(std::unique_ptr<ByteSource> input, Decoding& decoding);

// The same of a text in memory.
std::string DecodeMarkedText(std::string_view text);

// Whether a text begins with a mark of UTF-16 or UTF-32.
bool HasWideMark(std::string_view start);

}  // namespace cllm
