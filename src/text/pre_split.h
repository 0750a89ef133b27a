#pragma once

#include <cstddef>
#include <string_view>

namespace cllm {

// A piece is at most this long; what the regex would match beyond it begins a piece of its own. It bounds the work on a
// text without spaces, and no word of a language comes near it.
inline constexpr size_t kMaxPieceBytes = size_t{1} << 16;

// The end of the piece of GPT-2's pre-split that begins at `start` (Radford et al. 2019; the pattern is
// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+). A byte that is not valid UTF-8 counts as
// a symbol. Pieces follow one another without gaps. REQUIRES: start < text.size().
size_t PieceEnd(std::string_view text, size_t start);

// Calls visit(piece) for every piece of the text in turn.
template <typename Visit>
void ForEachPiece(std::string_view text, const Visit& visit) {
  for (size_t start = 0; start < text.size();) {
    const size_t end = PieceEnd(text, start);
    visit(text.substr(start, end - start));
    start = end;
  }
}

}  // namespace cllm
