#pragma once

#include <string>
#include <string_view>

namespace cllm {

// Where a request goes: "/completions" for "/v1/completions", "//v1/completions/?x=y", "/v1/v1/completions". Escapes
// (%20) are decoded once, the query is cut off; "/" for the root and for "/v1".
std::string NormalPath(std::string_view target);

// A text with its escapes (%20) decoded, once; what is no escape stays.
std::string DecodedEscapes(std::string_view text);

}  // namespace cllm
