#include "text/pre_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <regex>
#include <string>
#include <vector>

#include "base/random.h"
#include "lattice/unicode.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using Pieces = std::vector<std::string>;

Pieces Split(std::string_view text) {
  Pieces pieces;
  ForEachPiece(text, [&](std::string_view piece) { pieces.emplace_back(piece); });
  return pieces;
}

// The same by a regular expression engine: every character becomes one ASCII character of its class, the pattern runs
// on those.
Pieces SplitByRegex(std::string_view text) {
  static const std::regex pattern(R"('s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+)");
  std::string classes;
  std::vector<size_t> starts;
  for (size_t position = 0; position < text.size();) {
    const Character character = CharacterAt(text, position);
    const char replacement[] = {'Z', '0', '\n', '!'};
    const bool is_kept = character.code == ' ' || character.code == '\'' ||
                         (character.code >= 0 && character.code < 128 && ClassOf(character) == CharacterClass::kLetter);
    classes.push_back(is_kept ? text[position] : replacement[static_cast<size_t>(ClassOf(character))]);
    starts.push_back(position);
    position += character.bytes;
  }
  starts.push_back(text.size());
  Pieces pieces;
  for (auto match = std::sregex_iterator(classes.begin(), classes.end(), pattern); match != std::sregex_iterator();
       ++match) {
    const auto first = static_cast<size_t>(match->position()), last = first + static_cast<size_t>(match->length());
    pieces.emplace_back(text.substr(starts[first], starts[last] - starts[first]));
  }
  return pieces;
}

TEST(PreSplit, WordsTakeTheSpaceBeforeThem) {
  EXPECT_THAT(Split("Hello world, it is 2026!"), ElementsAre("Hello", " world", ",", " it", " is", " 2026", "!"));
  EXPECT_TRUE(Split("").empty());
  EXPECT_THAT(Split(" "), ElementsAre(" "));
}

TEST(PreSplit, ContractionsAreCutOff) {
  EXPECT_THAT(
      Split("I'll we've they're she's don't I'm he'd"),
      ElementsAre("I", "'ll", " we", "'ve", " they", "'re", " she", "'s", " don", "'t", " I", "'m", " he", "'d"));
  EXPECT_THAT(Split("'S 'tis '"), ElementsAre("'", "S", " '", "tis", " '"));
  EXPECT_THAT(Split("'rest 'l"), ElementsAre("'re", "st", " '", "l"));
  EXPECT_THAT(Split("!'s"), ElementsAre("!'", "s"));
}

TEST(PreSplit, WhiteSpaceLeavesItsLastCharacterToTheNextWord) {
  EXPECT_THAT(Split("a  b"), ElementsAre("a", " ", " b"));
  EXPECT_THAT(Split("a   \n b"), ElementsAre("a", "   \n", " b"));
  EXPECT_THAT(Split("a\n\nb"), ElementsAre("a", "\n", "\n", "b"));
  EXPECT_THAT(Split("a\nb"), ElementsAre("a", "\n", "b"));
  EXPECT_THAT(Split("a  "), ElementsAre("a", "  "));
  EXPECT_THAT(Split(" \t "), ElementsAre(" \t "));
  EXPECT_THAT(Split("a\u00a0\u3000b"), ElementsAre("a", "\u00a0", "\u3000", "b"));
}

TEST(PreSplit, UnicodeLettersAndNumbersAreClasses) {
  EXPECT_THAT(Split("naïve été42½ Жук"), ElementsAre("naïve", " été", "42½", " Жук"));
  EXPECT_THAT(Split("漢字かな!😀 é\u0301"), ElementsAre("漢字かな", "!😀", " é", "\u0301"));
}

TEST(PreSplit, InvalidBytesAreSymbols) {
  EXPECT_THAT(Split("ab\xff\xfe"
                    "cd"),
              ElementsAre("ab", "\xff\xfe", "cd"));
  EXPECT_THAT(Split(" \x80!"), ElementsAre(" \x80!"));
  EXPECT_THAT(Split("a\xc3"), ElementsAre("a", "\xc3"));
  EXPECT_THAT(Split(std::string_view("a\0b", 3)), ElementsAre("a", std::string(1, '\0'), "b"));
}

TEST(PreSplit, AgreesWithTheRegexOnRandomText) {
  const std::vector<std::string> parts = {
      "a", "s", "t", "re", "ve", "ll",     "d",  "m",  "'", " ", " ",    "\n",   "\t",       "1",      "½",      "é",
      "Ж", "!", "-", "😀",  "漢", "\u3000", "  ", "'s", "Q", "_", "\xff", "\x80", "\xe2\x82", "\u0301", "\u00a0", "LL"};
  for (uint64_t i = 0; i < 20'000 / CLLM_SWEEP_DIVISOR; ++i) {
    std::string text;
    for (uint64_t j = 0; j < 1 + i % 12; ++j) text += parts[RandomBits(i, j) % parts.size()];
    ASSERT_EQ(Split(text), SplitByRegex(text)) << text;
  }
}

TEST(PreSplit, PiecesAreBoundedAndFallBetweenCharacters) {
  for (const std::string_view unit : {"a", "é", "漢", "1", "!", "\n", " ", "\u3000", "\xff"}) {
    std::string text = "x ";
    while (text.size() < 3 * kMaxPieceBytes) text += unit;
    std::string joined;
    for (const std::string& piece : Split(text)) {
      ASSERT_LE(piece.size(), kMaxPieceBytes);
      ASSERT_TRUE(CharacterAt(unit, 0).code < 0 || CharacterAt(piece, 0).code >= 0);
      joined += piece;
    }
    EXPECT_EQ(joined, text);
    EXPECT_LE(Split(text).size(), 8u);
  }
}

// A block may end before white space that follows something else: the pieces stay.
TEST(PreSplit, CutBeforeWhiteSpaceChangesNothing) {
  const std::string text = "The  quick\n\n brown fox's tail, 1,000 \t times; naïve";
  const Pieces whole = Split(text);
  for (size_t cut = 1; cut < text.size(); ++cut) {
    const auto is_space = [&](size_t i) { return std::isspace(static_cast<unsigned char>(text[i])) != 0; };
    if (!is_space(cut) || is_space(cut - 1)) continue;
    Pieces pieces = Split(std::string_view(text).substr(0, cut));
    for (std::string& piece : Split(std::string_view(text).substr(cut))) pieces.push_back(std::move(piece));
    EXPECT_EQ(pieces, whole) << cut;
  }
}

}  // namespace
}  // namespace cllm
