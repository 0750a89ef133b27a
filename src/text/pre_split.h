#pragma once

#include <cstddef>
#include <string_view>

namespace cllm {

// How a text is cut into the pieces that merges stay within. Tokenizers made here use kGpt2; the others are those of
// models that are imported, under llama.cpp's names.
//   kGpt2 ("gpt-2", Radford et al. 2019): 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//   kDigits ("smollm"): every \p{N} is a piece; kGpt2 on each text between them.
//   kLlama3 ("llama-bpe"): (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//                           ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
//   kQwen2 ("qwen2"): the same with \p{N} in place of \p{N}{1,3}.
enum class PreSplit { kGpt2, kDigits, kLlama3, kQwen2 };

// A piece is at most this long; what the regex would match beyond it begins a piece of its own. It bounds the work on a
// text without spaces, and no word of a language comes near it.
inline constexpr size_t kMaxPieceBytes = size_t{1} << 16;

// The end of the piece that begins at `start`. A byte that is not valid UTF-8 counts as a symbol. Pieces follow one
// another without gaps. REQUIRES: start < text.size().
size_t PieceEnd(std::string_view text, size_t start, PreSplit rule = PreSplit::kGpt2);

// Calls visit(piece) for every piece of the text in turn.
template <typename Visit>
void ForEachPiece(std::string_view text, const Visit& visit, PreSplit rule = PreSplit::kGpt2) {
  for (size_t start = 0; start < text.size();) {
    const size_t end = PieceEnd(text, start, rule);
    visit(text.substr(start, end - start));
    start = end;
  }
}

}  // namespace cllm
