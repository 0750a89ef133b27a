#include "corpus/json_surrogates.h"

#include <charconv>
#include <cstdint>

namespace cllm {
namespace {

constexpr size_t kEscape = 6;  // bytes of \uXXXX

// The unit of the escape at `at`, or 0 if there is none.
uint32_t UnitAt(std::string_view json, size_t at) {
  if (at + kEscape > json.size() || json[at] != '\\' || json[at + 1] != 'u') return 0;
  uint32_t unit = 0;
  const char* const end = json.data() + at + kEscape;
  return std::from_chars(json.data() + at + 2, end, unit, 16).ptr == end ? unit : 0;
}

bool IsHigh(uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool IsLow(uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

constexpr size_t kBytes = 3;  // of a surrogate in UTF-8's way

// The surrogate whose bytes begin at `at`, or 0 if there is none. No character of UTF-8 has such bytes.
uint32_t SurrogateAt(std::string_view text, size_t at) {
  if (at + kBytes > text.size() || text[at] != '\xED') return 0;
  const auto second = static_cast<uint8_t>(text[at + 1]), third = static_cast<uint8_t>(text[at + 2]);
  if (second < 0xA0 || second > 0xBF || third < 0x80 || third > 0xBF) return 0;
  return 0xD000 | (second & 0x3Fu) << 6 | (third & 0x3Fu);
}

void AppendPair(uint32_t high, uint32_t low, std::string& text) {
  const uint32_t c = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  text += static_cast<char>(0xF0 | c >> 18);
  for (const int shift : {12, 6, 0}) text += static_cast<char>(0x80 | (c >> shift & 0x3F));
}

// Surrogates in bytes.
std::string_view ReplaceBytes(std::string_view json, std::string& storage) {
  size_t begin = 0;
  std::string replaced;
  for (size_t at = json.find('\xED'); at != json.npos; at = json.find('\xED', at)) {
    const uint32_t unit = SurrogateAt(json, at), next = SurrogateAt(json, at + kBytes);
    if (unit == 0) {
      ++at;
      continue;
    }
    replaced.append(json, begin, at - begin);
    const bool pair = IsHigh(unit) && IsLow(next);
    pair ? AppendPair(unit, next, replaced) : void(replaced += "\xEF\xBF\xBD");
    begin = at += pair ? 2 * kBytes : kBytes;
  }
  if (begin == 0) return json;
  storage = replaced.append(json, begin);
  return storage;
}

// Surrogates as escapes. `json` may be a view of `storage`.
std::string_view ReplaceEscapes(std::string_view json, std::string& storage) {
  if (json.find("\\ud") == json.npos && json.find("\\uD") == json.npos) return json;
  bool changed = json.data() == storage.data();
  for (size_t at = json.find('\\'); at != json.npos; at = json.find('\\', at)) {
    const uint32_t unit = UnitAt(json, at);
    if (IsHigh(unit) && IsLow(UnitAt(json, at + kEscape))) {
      at += 2 * kEscape;
    } else if (IsHigh(unit) || IsLow(unit)) {
      if (!changed) storage = json;
      changed = true;
      storage.replace(at, kEscape, "\\ufffd");
      at += kEscape;
    } else {
      at += 2;  // the escaped character, so that "\\\\ud83d" is no escape
    }
    if (at >= json.size()) break;
  }
  return changed ? std::string_view(storage) : json;
}

}  // namespace

std::string_view ReplaceLoneSurrogates(std::string_view json, std::string& storage) {
  return ReplaceEscapes(ReplaceBytes(json, storage), storage);
}

}  // namespace cllm
