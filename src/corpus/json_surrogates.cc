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

}  // namespace

std::string_view ReplaceLoneSurrogates(std::string_view json, std::string& storage) {
  if (json.find("\\ud") == json.npos && json.find("\\uD") == json.npos) return json;
  bool changed = false;
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

}  // namespace cllm
