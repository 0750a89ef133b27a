#include "text/pre_split.h"

#include <algorithm>
#include <array>

#include "lattice/unicode.h"

namespace cllm {
namespace {

constexpr std::array<std::string_view, 7> kContractions = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};

// Bytes of the contraction that begins here, or 0.
size_t ContractionBytes(std::string_view text, size_t start) {
  for (const std::string_view contraction : kContractions) {
    if (text.compare(start, contraction.size(), contraction) == 0) return contraction.size();
  }
  return 0;
}

size_t ContractionBytesOfAnyCase(std::string_view text, size_t start) {
  constexpr size_t kLongest = 3;
  std::array<char, kLongest> lower{};
  const size_t bytes = std::min(kLongest, text.size() - start);
  for (size_t i = 0; i < bytes; ++i) {
    const char c = text[start + i];
    lower[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return ContractionBytes({lower.data(), bytes}, 0);
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

CharacterClass ClassAt(std::string_view text, size_t position) { return ClassOf(CharacterAt(text, position)); }

size_t Gpt2PieceEnd(std::string_view text, size_t start) {
  if (text[start] == '\'') {
    const size_t contraction = ContractionBytes(text, start);
    if (contraction > 0) return start + contraction;
  }
  const size_t limit = std::min(text.size(), start + kMaxPieceBytes);
  const size_t first = text[start] == ' ' && start + 1 < text.size() ? start + 1 : start;
  const CharacterClass first_class = ClassAt(text, first);
  if (first_class != CharacterClass::kSpace) return RunOf(first_class, text, first, limit).end;
  // White space: all of it at the end of the text, else all but the last character, which is left to the next piece.
  const Run run = RunOf(CharacterClass::kSpace, text, start, limit);
  const bool cut = run.end < text.size() && ClassAt(text, run.end) == CharacterClass::kSpace;
  return run.end == text.size() || cut || run.last == start ? run.end : run.last;
}

// A number ends the text that kGpt2 sees, so that white space before it is one piece.
size_t DigitsPieceEnd(std::string_view text, size_t start) {
  const Character character = CharacterAt(text, start);
  const CharacterClass kind = ClassOf(character);
  if (kind == CharacterClass::kNumber) return start + character.bytes;
  if (kind == CharacterClass::kSpace) {
    const size_t end = RunOf(kind, text, start, std::min(text.size(), start + kMaxPieceBytes)).end;
    if (end < text.size() && ClassAt(text, end) == CharacterClass::kNumber) return end;
  }
  return Gpt2PieceEnd(text, start);
}

bool IsLineEnd(char c) { return c == '\r' || c == '\n'; }

// The end of up to `most` numbers.
size_t NumbersEnd(std::string_view text, size_t start, size_t most) {
  size_t end = start;
  for (size_t i = 0; i < most && end < text.size(); ++i) {
    const Character character = CharacterAt(text, end);
    if (ClassOf(character) != CharacterClass::kNumber) break;
    end += character.bytes;
  }
  return end;
}

// White space up to its last line end; without one, as in kGpt2.
size_t SpacesEnd(std::string_view text, size_t start, size_t limit) {
  const Run run = RunOf(CharacterClass::kSpace, text, start, limit);
  size_t last = run.end;
  while (last > start && !IsLineEnd(text[last - 1])) --last;
  if (last > start) return last;
  const bool cut = run.end < text.size() && ClassAt(text, run.end) == CharacterClass::kSpace;
  return run.end == text.size() || cut || run.last == start ? run.end : run.last;
}

// kLlama3 and kQwen2.
size_t LineAwarePieceEnd(std::string_view text, size_t start, size_t most_numbers) {
  if (text[start] == '\'') {
    const size_t contraction = ContractionBytesOfAnyCase(text, start);
    if (contraction > 0) return start + contraction;
  }
  const size_t limit = std::min(text.size(), start + kMaxPieceBytes);
  const Character character = CharacterAt(text, start);
  const CharacterClass kind = ClassOf(character);
  if (kind == CharacterClass::kLetter) return RunOf(kind, text, start, limit).end;
  if (kind == CharacterClass::kNumber) return NumbersEnd(text, start, most_numbers);
  const size_t second = start + character.bytes;
  const bool has_second = second < limit;
  if (has_second && !IsLineEnd(text[start]) && ClassAt(text, second) == CharacterClass::kLetter) {
    return RunOf(CharacterClass::kLetter, text, second, limit).end;
  }
  const size_t first = text[start] == ' ' && has_second ? second : start;
  if (ClassAt(text, first) != CharacterClass::kOther) return SpacesEnd(text, start, limit);
  size_t end = RunOf(CharacterClass::kOther, text, first, limit).end;
  while (end < limit && IsLineEnd(text[end])) ++end;
  return end;
}

}  // namespace

size_t PieceEnd(std::string_view text, size_t start, PreSplit rule) {
  switch (rule) {
    case PreSplit::kGpt2: return Gpt2PieceEnd(text, start);
    case PreSplit::kDigits: return DigitsPieceEnd(text, start);
    case PreSplit::kLlama3: return LineAwarePieceEnd(text, start, 3);
    case PreSplit::kQwen2: return LineAwarePieceEnd(text, start, 1);
  }
  return text.size();
}

}  // namespace cllm
