#include "text/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>

namespace cllm {
namespace {

TEST(ByteAlphabet, KnownCharacters) {
  EXPECT_EQ(ToByteAlphabet(" the"), "Ġthe");
  EXPECT_EQ(ToByteAlphabet("\n"), "Ċ");
  EXPECT_EQ(ToByteAlphabet(std::string_view("\0", 1)), "Ā");
  EXPECT_EQ(ToByteAlphabet("\x7f"), "ġ");  // the 34th of the 68 that move
  EXPECT_EQ(ToByteAlphabet("\xa0"), "ł");  // the 67th
  EXPECT_EQ(ToByteAlphabet("\xad"), "Ń");  // the last
  EXPECT_EQ(ToByteAlphabet("\xff"), "ÿ");
  EXPECT_EQ(ToByteAlphabet("é"), "Ã©");
}

TEST(ByteAlphabet, EveryByteReturns) {
  std::set<std::string> characters;
  std::string all;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string one(1, static_cast<char>(byte));
    all += one;
    characters.insert(ToByteAlphabet(one));
    EXPECT_EQ(*FromByteAlphabet(ToByteAlphabet(one)), one);
  }
  EXPECT_EQ(characters.size(), 256u);
  EXPECT_EQ(*FromByteAlphabet(ToByteAlphabet(all)), all);
}

TEST(ByteAlphabet, OtherCharactersAreRefused) {
  for (const char* text : {" ", "a b", "\n", "\xff", "ń\xc5", "ń", "€", "漢", "\xc2\xad"}) {
    const Result<std::string> bytes = FromByteAlphabet(text);
    ASSERT_FALSE(bytes.ok()) << text;
    EXPECT_EQ(bytes.status().code(), Code::kBadInput);
  }
}

}  // namespace
}  // namespace cllm
