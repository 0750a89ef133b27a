#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace cllm {

// The longest line of a .jsonl file: a line is parsed in memory.
inline constexpr size_t kMaxJsonLineBytes = size_t{1} << 24;
// The deepest nesting of arrays and objects in it.
inline constexpr size_t kMaxJsonLineDepth = 64;

// The string in `field` of the JSON object `line`. Errors (kBadInput) begin with `place`, "x.jsonl line 3": no JSON
// (with the byte where), no object, nested too deep, the field absent, twice there, or no string.
Result<std::string> JsonLineField(std::string_view line, const std::string& field, const std::string& place);

}  // namespace cllm
