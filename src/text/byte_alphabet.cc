#include "text/byte_alphabet.h"

#include <fmt/format.h>

#include <array>
#include <cstdint>

#include "lattice/unicode.h"

namespace cllm {
namespace {

constexpr size_t kCodes = 0x100 + 68;

constexpr bool IsItself(uint32_t byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

struct Alphabet {
  std::array<uint16_t, 256> code_of{};    // by byte
  std::array<int16_t, kCodes> byte_of{};  // by code point, -1 where there is none
};

constexpr Alphabet MakeAlphabet() {
  Alphabet alphabet;
  alphabet.byte_of.fill(-1);
  uint16_t next = 0x100;
  for (uint16_t byte = 0; byte < 256; ++byte) {
    const uint16_t code = IsItself(byte) ? byte : next++;
    alphabet.code_of[byte] = code;
    alphabet.byte_of[code] = static_cast<int16_t>(byte);
  }
  return alphabet;
}

constexpr Alphabet kAlphabet = MakeAlphabet();

}  // namespace

std::string ToByteAlphabet(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const uint32_t code = kAlphabet.code_of[static_cast<unsigned char>(c)];
    if (code < 0x80) {
      text.push_back(static_cast<char>(code));
    } else {
      text.push_back(static_cast<char>(0xc0 | (code >> 6)));
      text.push_back(static_cast<char>(0x80 | (code & 0x3f)));
    }
  }
  return text;
}

Result<std::string> FromByteAlphabet(std::string_view text) {
  std::string bytes;
  for (size_t position = 0; position < text.size();) {
    const Character character = CharacterAt(text, position);
    const auto code = static_cast<size_t>(character.code);
    if (character.code < 0 || code >= kCodes || kAlphabet.byte_of[code] < 0) {
      return BadInput(fmt::format("\"{}\" holds a character outside the byte alphabet at byte {}", text, position));
    }
    bytes.push_back(static_cast<char>(kAlphabet.byte_of[code]));
    position += character.bytes;
  }
  return bytes;
}

}  // namespace cllm
