#pragma once

#include <string>
#include <string_view>

namespace cllm {

// JSON text with \ufffd in place of every escape that is half of a pair of surrogates; `storage` keeps it where something
// changed, and the view is of one of the two.
std::string_view ReplaceLoneSurrogates(std::string_view json, std::string& storage);

}  // namespace cllm
