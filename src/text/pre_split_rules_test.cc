#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "base/random.h"
#include "lattice/unicode.h"
#include "text/pre_split.h"

// The pre-splits of imported models against their regular expressions.
namespace cllm {
namespace {

using testing::ElementsAre;
using Pieces = std::vector<std::string>;

Pieces Split(std::string_view text, PreSplit rule) {
  Pieces pieces;
  ForEachPiece(
      text, [&](std::string_view piece) { pieces.emplace_back(piece); }, rule);
  return pieces;
}

// One ASCII character for each of the text, of its class, which the pattern runs on: letters stay, for contractions, as
// do space, carriage return, newline and apostrophe.
struct Classes {
  std::string text;
  std::vector<size_t> starts;

  explicit Classes(std::string_view original) {
    for (size_t position = 0; position < original.size();) {
      const Character character = CharacterAt(original, position);
      const char replacement[] = {'Z', '0', '\t', '!'};
      const CharacterClass kind = ClassOf(character);
      const bool is_kept =
          character.code >= 0 && character.code < 128 &&
          (kind == CharacterClass::kLetter || std::string("\r\n '").find(original[position]) != std::string::npos);
      text.push_back(is_kept ? original[position] : replacement[static_cast<size_t>(kind)]);
      starts.push_back(position);
      position += character.bytes;
    }
    starts.push_back(original.size());
  }
};

void AddMatches(const std::string& classes, const std::regex& pattern, size_t offset, std::vector<size_t>& ends) {
  for (auto match = std::sregex_iterator(classes.begin(), classes.end(), pattern); match != std::sregex_iterator();
       ++match) {
    ends.push_back(offset + static_cast<size_t>(match->position() + match->length()));
  }
}

Pieces SplitByRegex(std::string_view text, PreSplit rule) {
  static const std::regex gpt2(R"('s|'t|'re|'ve|'m|'ll|'d| ?[A-Za-z]+| ?[0-9]+| ?[^\sA-Za-z0-9]+|\s+(?!\S)|\s+)");
  const auto line_aware = [](const char* numbers) {
    return std::regex(
        std::string("'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]|[^\\r\\nA-Za-z0-9]?[A-Za-z]+|") + numbers +
        R"(| ?[^\sA-Za-z0-9]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)");
  };
  static const std::regex llama3 = line_aware("[0-9]{1,3}"), qwen2 = line_aware("[0-9]");
  const Classes classes(text);
  std::vector<size_t> ends;
  if (rule == PreSplit::kDigits) {  // first the numbers by themselves, then each text between them
    for (size_t at = 0; at < classes.text.size();) {
      size_t end = at;
      while (end < classes.text.size() && classes.text[end] != '0') ++end;
      AddMatches(classes.text.substr(at, end - at), gpt2, at, ends);
      if (end < classes.text.size()) ends.push_back(end + 1);
      at = end + 1;
    }
  } else {
    AddMatches(classes.text, rule == PreSplit::kLlama3 ? llama3 : rule == PreSplit::kQwen2 ? qwen2 : gpt2, 0, ends);
  }
  Pieces pieces;
  size_t begin = 0;
  for (const size_t end : ends) {
    pieces.emplace_back(text.substr(classes.starts[begin], classes.starts[end] - classes.starts[begin]));
    begin = end;
  }
  return pieces;
}

class PreSplitRules : public testing::TestWithParam<PreSplit> {};

TEST_P(PreSplitRules, AreTheirRegularExpressions) {
  const std::vector<std::string> parts = {" ",
                                          "  ",
                                          "\n",
                                          "\r\n",
                                          "\t",
                                          "'",
                                          "'s",
                                          "'LL",
                                          "'vE",
                                          "the",
                                          "Z",
                                          "7",
                                          "12",
                                          "2026",
                                          ".",
                                          "!?",
                                          "\xC3\xA9",
                                          "\xE4\xB8\xAD",
                                          "\xC2\xA0",
                                          "\xD9\xA1",
                                          "\xFF",
                                          "\xF0\x9F\x98\x80",
                                          "\xE3\x80\x80",
                                          "x"};
  for (uint64_t seed = 0; seed < 3000; ++seed) {
    std::string text;
    const size_t count = 1 + RandomBits(seed, 0) % 12;
    for (size_t i = 0; i < count; ++i) text += parts[RandomBits(seed, 1 + i) % parts.size()];
    ASSERT_EQ(Split(text, GetParam()), SplitByRegex(text, GetParam())) << seed << ": " << testing::PrintToString(text);
  }
}

TEST_P(PreSplitRules, LeaveNoGaps_AndBoundPieces) {
  for (const std::string& text : {std::string(3 * kMaxPieceBytes, 'a'), std::string(3 * kMaxPieceBytes, ' '),
                                  std::string(3 * kMaxPieceBytes, '!'), std::string(2 * kMaxPieceBytes, '\n') + "7"}) {
    size_t bytes = 0;
    for (const std::string& piece : Split(text, GetParam())) {
      EXPECT_LE(piece.size(), kMaxPieceBytes);
      bytes += piece.size();
    }
    EXPECT_EQ(bytes, text.size());
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, PreSplitRules,
                         testing::Values(PreSplit::kGpt2, PreSplit::kDigits, PreSplit::kLlama3, PreSplit::kQwen2));

TEST(PreSplitRules, Examples) {
  EXPECT_THAT(Split("in 1999  7", PreSplit::kDigits), ElementsAre("in", " ", "1", "9", "9", "9", "  ", "7"));
  EXPECT_THAT(Split("I'LL pay 12345.\n\nNow", PreSplit::kLlama3),
              ElementsAre("I", "'LL", " pay", " ", "123", "45", ".\n\n", "Now"));
  EXPECT_THAT(Split("(word) 12  x", PreSplit::kQwen2), ElementsAre("(word", ")", " ", "1", "2", " ", " x"));
}

}  // namespace
}  // namespace cllm
