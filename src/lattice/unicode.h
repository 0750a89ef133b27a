#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// Unicode characters of text that may be any bytes.
namespace cllm {

// One character of UTF-8, or one byte that belongs to none.
struct Character {
  int32_t code = -1;  // code point; -1 for an invalid byte
  size_t bytes = 1;
};

// The character that begins at `position`. REQUIRES: position < text.size().
Character CharacterAt(std::string_view text, size_t position);

// The classes of GPT-2's pre-split: \p{L}, \p{N}, \s (White_Space), and all else, invalid bytes included.
enum class CharacterClass : uint8_t { kLetter, kNumber, kSpace, kOther };
CharacterClass ClassOf(const Character& character);

// General category Lu or Lt.
bool IsUpperCase(const Character& character);

// Every character replaced by its simple lower-case mapping; invalid bytes stay.
std::string LowerCase(std::string_view text);

}  // namespace cllm
