#pragma once

#include <cstddef>
#include <string_view>

namespace cllm {

// Columns that a text takes on a terminal: two for a wide character (East Asian, emoji), none for a combining one and
// for control characters; a byte that is no UTF-8 takes one.
size_t ColumnsOf(std::string_view text);

// The longest beginning of whole characters, with what combines with them, that takes at most so many columns.
std::string_view FirstColumns(std::string_view text, size_t columns);

}  // namespace cllm
