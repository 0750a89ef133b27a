#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace cllm {

// Insertions, deletions, replacements and exchanges of neighbours that make one word the other (optimal string
// alignment; Damerau 1964).
size_t EditDistance(std::string_view a, std::string_view b);

// The name nearest to a mistyped word, or nothing if none is near: at most a third of the word's letters off, or the
// word cut short.
std::string Nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace cllm
