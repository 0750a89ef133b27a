#include "corpus/utf8_counter.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace cllm {
namespace {

uint64_t InvalidBytes(std::string_view text) {
  Utf8Counter counter;
  counter.Add(text);
  counter.EndDocument();
  return counter.invalid_bytes();
}

// Decodes code points by their definition: an independent, slow rule.
uint64_t InvalidBytesByDefinition(std::string_view text) {
  uint64_t invalid = 0;
  for (size_t i = 0; i < text.size();) {
    const auto byte = [&](size_t j) { return j < text.size() ? static_cast<uint8_t>(text[j]) : 0u; };
    const uint32_t lead = byte(i);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    bool good = length != 0 && lead < 0xF8;
    for (size_t j = 1; j < length; ++j) {
      good = good && (byte(i + j) & 0xC0u) == 0x80u;
      point = point << 6 | (byte(i + j) & 0x3Fu);
    }
    constexpr uint32_t kLowest[] = {0, 0, 0x80, 0x800, 0x10000};
    good = good && point >= kLowest[length] && point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF);
    invalid += good ? 0 : 1;
    i += good ? length : 1;
  }
  return invalid;
}

TEST(Utf8Counter, KnownCases_AreCounted) {
  const std::vector<std::pair<std::string, uint64_t>> cases = {{"", 0},
                                                               {"plain ASCII text", 0},
                                                               {"Straße 日本 😀", 0},
                                                               {"\xFF", 1},
                                                               {"a\x80z", 1},
                                                               {"\xC3", 1},
                                                               {"\xE2\x82", 2},
                                                               {"\xE2\x82z", 2},
                                                               {"\xC0\xAF", 2},
                                                               {"\xED\xA0\x80", 3},
                                                               {"\xF4\x90\x80\x80", 4},
                                                               {"\xF0\x9F\x98\x80", 0},
                                                               {"\xF0\x9F\x98\xC3\xA9", 3}};
  for (const auto& [text, invalid] : cases) EXPECT_EQ(InvalidBytes(text), invalid) << testing::PrintToString(text);
}

TEST(Utf8Counter, AllSequencesOfThreeInterestingBytes_AgreeWithTheDefinition) {
  const std::string bytes = {'a',    '\x7F', '\x80', '\x8F', '\x90', '\x9F', '\xA0', '\xBF', '\xC0', '\xC1', '\xC2',
                             '\xDF', '\xE0', '\xE1', '\xED', '\xEF', '\xF0', '\xF1', '\xF4', '\xF5', '\xFF'};
  for (const char a : bytes) {
    for (const char b : bytes) {
      for (const char c : bytes) {
        for (const char d : bytes) {
          const std::string text = {a, b, c, d};
          ASSERT_EQ(InvalidBytes(text), InvalidBytesByDefinition(text)) << testing::PrintToString(text);
        }
      }
    }
  }
}

TEST(Utf8Counter, AnyCutOfTheStream_CountsTheSame) {
  const std::string text = "abcdefgh\xE2\x82\xACxyz\xE2\x82 and 12345678 \xF0\x9F\x98\x80\xFF tail";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Counter counter;
    counter.Add(std::string_view(text).substr(0, cut));
    counter.Add(std::string_view(text).substr(cut));
    counter.EndDocument();
    EXPECT_EQ(counter.invalid_bytes(), 3u) << cut;
  }
}

TEST(Utf8Counter, CharacterAcrossDocuments_IsInvalidInBoth) {
  Utf8Counter counter;
  counter.Add("\xC3");
  counter.EndDocument();
  counter.Add("\xA9");
  counter.EndDocument();
  EXPECT_EQ(counter.invalid_bytes(), 2u);
}

}  // namespace
}  // namespace cllm
