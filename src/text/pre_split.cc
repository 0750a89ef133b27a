#include "text/pre_split.h"

#include <algorithm>
#include <array>

#include "lattice/unicode.h"

namespace cllm {
namespace {

constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

size_t ContractionBytes(std::string_view text, size_t start) {
  for (const std::string_view contraction : kContractions) {
    if (text.compare(start, contraction.size(), contraction) == 0) return contraction.size();
  }
  return 0;
}

// A run of characters of one class.
struct Run {
  size_t end = 0;   // where it ends
  size_t last = 0;  // where its last character begins
};

// The longest run of class `wanted` from `start` on that ends at or before `limit`.
Run RunOf(CharacterClass wanted, std::string_view text, size_t start, size_t limit) {
  Run run{.end = start, .last = start};
  while (run.end < limit) {
    const Character character = CharacterAt(text, run.end);
    if (run.end + character.bytes > limit || ClassOf(character) != wanted) break;
    run.last = run.end;
    run.end += character.bytes;
  }
  return run;
}

}  // namespace

size_t PieceEnd(std::string_view text, size_t start) {
  if (text[start] == '\'') {
    const size_t contraction = ContractionBytes(text, start);
    if (contraction > 0) return start + contraction;
  }
  const size_t limit = std::min(text.size(), start + kMaxPieceBytes);
  const size_t first = text[start] == ' ' && start + 1 < text.size() ? start + 1 : start;
  const CharacterClass first_class = ClassOf(CharacterAt(text, first));
  if (first_class != CharacterClass::kSpace) return RunOf(first_class, text, first, limit).end;
  // White space: all of it at the end of the text, else all but the last character, which is left to the next piece.
  const Run run = RunOf(CharacterClass::kSpace, text, start, limit);
  const bool cut = run.end < text.size() && ClassOf(CharacterAt(text, run.end)) == CharacterClass::kSpace;
  return run.end == text.size() || cut || run.last == start ? run.end : run.last;
}

}  // namespace cllm
