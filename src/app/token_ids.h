#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace cllm {

// Token ids as people and programs write them: decimal numbers apart by spaces, tabs, newlines or commas, in brackets
// or not. Error (BadInput): the first word that is no id below `vocabulary`, with its line and column (both from 1);
// `label` names the text.
Result<std::vector<uint32_t>> ParseTokenIds(std::string_view text, const std::string& label, size_t vocabulary);

}  // namespace cllm
