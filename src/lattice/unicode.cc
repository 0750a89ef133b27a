#include "lattice/unicode.h"

#include <utf8proc.h>

#include <array>

namespace cllm {
namespace {

CharacterClass ClassByCategory(int32_t code) {
  switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return CharacterClass::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharacterClass::kNumber;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CharacterClass::kSpace;
    default:
      // White_Space holds these controls besides the separators.
      return (code >= 0x09 && code <= 0x0d) || code == 0x85 ? CharacterClass::kSpace : CharacterClass::kOther;
  }
}

std::array<CharacterClass, 128> AsciiClasses() {
  std::array<CharacterClass, 128> classes{};
  for (int32_t code = 0; code < 128; ++code) classes[static_cast<size_t>(code)] = ClassByCategory(code);
  return classes;
}

const std::array<CharacterClass, 128> kAsciiClasses = AsciiClasses();

}  // namespace

Character CharacterAt(std::string_view text, size_t position) {
  const auto first = static_cast<unsigned char>(text[position]);
  if (first < 0x80) return {.code = first, .bytes = 1};
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + position);
  utf8proc_int32_t code = -1;
  const size_t rest = text.size() - position;
  const utf8proc_ssize_t length = utf8proc_iterate(bytes, rest < 4 ? static_cast<utf8proc_ssize_t>(rest) : 4, &code);
  if (length <= 0) return {};
  return {.code = code, .bytes = static_cast<size_t>(length)};
}

CharacterClass ClassOf(const Character& character) {
  if (character.code < 0) return CharacterClass::kOther;
  if (character.code < 128) return kAsciiClasses[static_cast<size_t>(character.code)];
  return ClassByCategory(character.code);
}

bool IsUpperCase(const Character& character) {
  if (character.code < 0) return false;
  const utf8proc_category_t category = utf8proc_category(character.code);
  return category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
}

std::string LowerCase(std::string_view text) {
  std::string lower;
  lower.reserve(text.size());
  for (size_t position = 0; position < text.size();) {
    const Character character = CharacterAt(text, position);
    if (character.code < 0) {
      lower.push_back(text[position]);
    } else {
      utf8proc_uint8_t bytes[4];
      const utf8proc_ssize_t length = utf8proc_encode_char(utf8proc_tolower(character.code), bytes);
      lower.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length));
    }
    position += character.bytes;
  }
  return lower;
}

}  // namespace cllm
