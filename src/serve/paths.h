#pragma once

#include <string>
#include <string_view>

namespace cllm {

// Where a request goes: "/completions" for "/v1/completions", "//v1/completions/?x=y", "/v1/v1/completions". Escapes
// (%20) are decoded once, the query is cut off; "/" for the root and for "/v1".
std::string NormalPath(std::string_view target);

}  // namespace cllm
