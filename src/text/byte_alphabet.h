#pragma once

#include <string>
#include <string_view>

#include "base/status.h"

// The byte alphabet of byte-level BPE (GPT-2's encoder.py): every byte as one printable character. 0x21 to 0x7E, 0xA1
// to 0xAC and 0xAE to 0xFF are themselves; the other 68 are U+0100 + n in byte order (space is U+0120, newline U+010A).
namespace cllm {

// UTF-8 text with one character per byte.
std::string ToByteAlphabet(std::string_view bytes);

// The bytes that `text` spells. Error (BadInput): a character outside the alphabet.
Result<std::string> FromByteAlphabet(std::string_view text);

}  // namespace cllm
