#include "serve/choice_text.h"

#include <gtest/gtest.h>

#include <cmath>

#include "infer/text_stream.h"
#include "serve/token_names.h"

namespace cllm {
namespace {

using Ids = std::vector<uint32_t>;

uint32_t Byte(unsigned char byte) { return kFirstByteId + byte; }

Ids IdsOf(const std::vector<PlacedToken>& tokens) {
  Ids ids;
  for (const PlacedToken& token : tokens) ids.push_back(token.score.id);
  return ids;
}

TEST(ChoiceText, TokensComeWithTheTextThatTheyBegin) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  ChoiceText text(tokenizer);
  EXPECT_EQ(IdsOf(text.Add({Byte('a')}, "a").tokens), Ids{Byte('a')});
  EXPECT_TRUE(text.Add({Byte(0xe7)}, "").empty());
  EXPECT_TRUE(text.Add({Byte(0x8c)}, "").empty());
  const ChoicePiece whole = text.Add({Byte(0xab)}, "\xe7\x8c\xab");
  EXPECT_EQ(IdsOf(whole.tokens), (Ids{Byte(0xe7), Byte(0x8c), Byte(0xab)}));
  EXPECT_EQ(whole.tokens[0].offset, 1u);
  const ChoicePiece last = text.Add({Byte('b')}, "b");
  EXPECT_EQ(last.tokens[0].offset, 2u);  // characters, not bytes
  EXPECT_TRUE(text.End(false).empty());
}

TEST(ChoiceText, TokensOfAStopString_StayOut) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  ChoiceText text(tokenizer);
  EXPECT_EQ(text.Add({Byte('a')}, "a").tokens.size(), 1u);
  EXPECT_TRUE(text.Add({Byte('E')}, "").empty());
  EXPECT_TRUE(text.Add({Byte('N')}, "").empty());
  EXPECT_TRUE(text.End(true).empty());
}

TEST(ChoiceText, TokensOfAnUnfinishedCharacter_ComeLast) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  ChoiceText text(tokenizer);
  EXPECT_EQ(text.Add({Byte('a')}, "a").tokens.size(), 1u);
  EXPECT_TRUE(text.Add({Byte(0xe7), -2.0f}, "").empty());
  const ChoicePiece end = text.End(false);
  EXPECT_EQ(IdsOf(end.tokens), Ids{Byte(0xe7)});
  EXPECT_EQ(end.tokens[0].offset, 1u);
  EXPECT_EQ(end.text, "");
}

TEST(ChoiceText, EndToken_ComesLast_AfterWhatWasHeld) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  ChoiceText text(tokenizer);
  EXPECT_TRUE(text.Add({Byte('E')}, "").empty());
  EXPECT_EQ(IdsOf(text.Add({kEndId, -1.0f}, "E").tokens), Ids{Byte('E')});
  const ChoicePiece end = text.End(false);
  EXPECT_EQ(IdsOf(end.tokens), Ids{kEndId});
  EXPECT_EQ(end.tokens[0].offset, 1u);
}

TEST(ChoiceText, Echo_PutsThePromptFirst) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  ChoiceText text(tokenizer);
  const ChoicePiece echo =
      text.Echo("\u00e9", Ids{kBeginId, Byte(0xc3), Byte(0xa9)}, {{Byte(0xc3), -1}, {Byte(0xa9), -2}});
  EXPECT_EQ(echo.text, "\u00e9");
  ASSERT_EQ(echo.tokens.size(), 3u);
  EXPECT_FALSE(echo.tokens[0].scored);
  EXPECT_TRUE(echo.tokens[1].scored);
  EXPECT_EQ(echo.tokens[2].score.logprob, -2);
  EXPECT_EQ(text.Add({Byte('x')}, "x").tokens[0].offset, 1u);
  EXPECT_TRUE(ChoiceText(tokenizer).Echo("ab", Ids{Byte('a'), Byte('b')}, {}).tokens.empty());
}

TEST(TokenString, IsTheText_OrItsBytes_OrASpecialName) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  EXPECT_EQ(TokenString(tokenizer, Byte('a')), "a");
  EXPECT_EQ(TokenString(tokenizer, Byte(0xe7)), "bytes:\\xe7");
  EXPECT_EQ(TokenString(tokenizer, kEndId), "</s>");
  EXPECT_EQ(WriteJson({{"b", TokenBytesJson(tokenizer, Byte(0xe7))}, {"e", TokenBytesJson(tokenizer, kEndId)}}),
            R"({"b":[231],"e":null})");
}

TEST(JsonLogprob, IsTheFloat_OrMinus9999) {
  EXPECT_EQ(static_cast<float>(JsonLogprob(-0.1f)), -0.1f);
  EXPECT_EQ(JsonLogprob(-1e30f), -9999);
  EXPECT_EQ(JsonLogprob(-INFINITY), -9999);
  EXPECT_EQ(JsonLogprob(NAN), -9999);
}

TEST(IsUtf8, AgreesWithTheStandard) {
  for (const char* good : {"", "a", "\u00e9", "\u732b", "\U0001f600"}) EXPECT_TRUE(IsUtf8(good)) << good;
  for (const char* bad : {"\xc3", "\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xff"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
  EXPECT_EQ(Characters("a\u00e9\u732b"), 3u);
}

}  // namespace
}  // namespace cllm
