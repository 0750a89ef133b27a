#pragma once

#include <string>
#include <string_view>

namespace cllm {

// JSON text with U+FFFD in place of every half of a pair of surrogates, be it an escape (\ud83d) or the three bytes
// that UTF-8 would have for it (ED A0 BD) if it allowed them; two such halves in bytes that belong together (CESU-8)
// are their character. `storage` keeps the text where something changed, and the view is of one of the two.
std::string_view ReplaceLoneSurrogates(std::string_view json, std::string& storage);

}  // namespace cllm
