#pragma once

#include <string>
#include <string_view>

namespace cllm {

// Bytes as text of letters, digits, '+' and '/', filled with '=' to groups of four (RFC 4648, section 4).
std::string Base64(std::string_view bytes);

}  // namespace cllm
