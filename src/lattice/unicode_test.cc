#include "lattice/unicode.h"

#include <gtest/gtest.h>

#include <string>

namespace cllm {
namespace {

CharacterClass ClassOfFirst(std::string_view text) { return ClassOf(CharacterAt(text, 0)); }

TEST(Unicode, CharactersHaveTheirLength) {
  EXPECT_EQ(CharacterAt("a", 0).bytes, 1u);
  EXPECT_EQ(CharacterAt("é", 0).code, 0xe9);
  EXPECT_EQ(CharacterAt("é", 0).bytes, 2u);
  EXPECT_EQ(CharacterAt("a€b", 1).code, 0x20ac);
  EXPECT_EQ(CharacterAt("a€b", 1).bytes, 3u);
  EXPECT_EQ(CharacterAt("\U0001F600", 0).code, 0x1f600);
  EXPECT_EQ(CharacterAt("\U0001F600", 0).bytes, 4u);
  EXPECT_EQ(CharacterAt(std::string_view("\0a", 2), 0).code, 0);
}

TEST(Unicode, InvalidBytesAreCharactersOfOneByte) {
  // A lone continuation, a cut sequence, an overlong form, a surrogate, a value beyond the last plane.
  for (const std::string_view text : {"\x80", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"}) {
    EXPECT_EQ(CharacterAt(text, 0).code, -1);
    EXPECT_EQ(CharacterAt(text, 0).bytes, 1u);
    EXPECT_EQ(ClassOfFirst(text), CharacterClass::kOther);
  }
}

TEST(Unicode, ClassesAreThoseOfTheRegex) {
  for (const std::string_view letter : {"a", "Z", "é", "ß", "Ж", "漢", "ª", "ʰ", "ǅ"}) {
    EXPECT_EQ(ClassOfFirst(letter), CharacterClass::kLetter) << letter;
  }
  for (const std::string_view number : {"0", "9", "²", "½", "٣", "Ⅳ"}) {
    EXPECT_EQ(ClassOfFirst(number), CharacterClass::kNumber) << number;
  }
  for (const std::string_view other : {"!", "_", "'", "€", "\u0301", "\u200b", "\u180e", "\x1c", "\x7f"}) {
    EXPECT_EQ(ClassOfFirst(other), CharacterClass::kOther) << other;
  }
}

// The property White_Space of PropList.txt, whole.
TEST(Unicode, WhiteSpaceIsThePropertyOfTheSame) {
  for (int32_t code = 0; code <= 0x10ffff; ++code) {
    const bool expected = (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0x85 || code == 0xa0 ||
                          code == 0x1680 || (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
                          code == 0x202f || code == 0x205f || code == 0x3000;
    ASSERT_EQ(ClassOf({.code = code, .bytes = 1}) == CharacterClass::kSpace, expected) << code;
  }
}

TEST(Unicode, LowerCaseKeepsWhatHasNone) {
  EXPECT_EQ(LowerCase("ÀÉ Straße 12 ЖЩ \xff\xc3"), "àé straße 12 жщ \xff\xc3");
  EXPECT_EQ(LowerCase(""), "");
}

TEST(Unicode, TitleCaseCountsAsUpper) {
  EXPECT_TRUE(IsUpperCase(CharacterAt("A", 0)));
  EXPECT_TRUE(IsUpperCase(CharacterAt("ǅ", 0)));
  EXPECT_FALSE(IsUpperCase(CharacterAt("a", 0)));
  EXPECT_FALSE(IsUpperCase(CharacterAt("漢", 0)));
  EXPECT_FALSE(IsUpperCase(CharacterAt("\xff", 0)));
}

}  // namespace
}  // namespace cllm
