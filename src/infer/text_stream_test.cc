#include "infer/text_stream.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

using Pieces = std::vector<std::string>;

// What comes out for each byte of `text`, and at the end; ends early when stopped.
Pieces ByteByByte(const std::string& text, const Pieces& stops, bool* stopped = nullptr) {
  TextStream stream(stops);
  Pieces pieces;
  for (size_t i = 0; i < text.size() && !stream.stopped(); ++i) pieces.emplace_back(stream.Append({&text[i], 1}));
  if (!stream.stopped()) pieces.emplace_back(stream.Finish(""));
  if (stopped != nullptr) *stopped = stream.stopped();
  return pieces;
}

TEST(TextStream, Characters_AreNotSplit) {
  EXPECT_EQ(ByteByByte("a\u00e9\u20ac\U0001f600b", {}),
            (Pieces{"a", "", "\u00e9", "", "", "\u20ac", "", "", "", "\U0001f600", "b", ""}));
}

TEST(TextStream, InvalidBytes_GoOnAtOnceAsTheyAre) {
  EXPECT_EQ(ByteByByte("\x80\xff\xc0z", {}), (Pieces{"\x80", "\xff", "\xc0", "z", ""}));
  EXPECT_EQ(ByteByByte("\xc3z", {}), (Pieces{"", "\xc3z", ""}));                    // broken off
  EXPECT_EQ(ByteByByte("\xe0\x80", {}), (Pieces{"", "\xe0\x80", ""}));              // overlong
  EXPECT_EQ(ByteByByte("\xed\xa0", {}), (Pieces{"", "\xed\xa0", ""}));              // surrogate
  EXPECT_EQ(ByteByByte("\xf4\x90", {}), (Pieces{"", "\xf4\x90", ""}));              // beyond U+10FFFF
  EXPECT_EQ(ByteByByte("\xf0\x9f\x98", {}), (Pieces{"", "", "", "\xf0\x9f\x98"}));  // cut at the end
  EXPECT_EQ(ByteByByte("\xe2\xc3\xa9", {}), (Pieces{"", "\xe2", "\xc3\xa9", ""}));
}

TEST(TextStream, Stop_EndsBeforeIt) {
  bool stopped = false;
  EXPECT_EQ(ByteByByte("abcdef", {"cd"}, &stopped), (Pieces{"a", "b", "", ""}));
  EXPECT_TRUE(stopped);
  EXPECT_EQ(ByteByByte("abcdef", {"x"}, &stopped), (Pieces{"a", "b", "c", "d", "e", "f", ""}));
  EXPECT_FALSE(stopped);
}

TEST(TextStream, StopBegun_IsHeldUntilItFails) {
  EXPECT_EQ(ByteByByte("ababax", {"abac"}), (Pieces{"", "", "", "ab", "", "abax", ""}));
  EXPECT_EQ(ByteByByte("xENx", {"END", "NO"}), (Pieces{"x", "", "", "ENx", ""}));
  EXPECT_EQ(ByteByByte("xEN", {"END"}), (Pieces{"x", "", "", "EN"}));  // the text ends
}

TEST(TextStream, SeveralStopsInOnePiece_TheFirstInTheTextCounts) {
  TextStream stream({"later", "soon"});
  EXPECT_EQ(stream.Append("not soon, later"), "not ");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.text(), "not ");
}

TEST(TextStream, StopOverPieces_AndInTheMiddleOfOne) {
  TextStream stream({"\n\n"});
  EXPECT_EQ(stream.Append("one\n"), "one");
  EXPECT_EQ(stream.Append("two\n"), "\ntwo");
  EXPECT_EQ(stream.Append("\nthree"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.text(), "one\ntwo");
}

TEST(TextStream, StopAfterAnUnfinishedCharacter_TheBytesComeOut) {
  TextStream stream({"!"});
  EXPECT_EQ(stream.Append("a\xe2\x82"), "a");
  EXPECT_EQ(stream.Append("!"), "\xe2\x82");
  EXPECT_TRUE(stream.stopped());
}

TEST(TextStream, StopThatBeginsInsideACharacter_HoldsItWhole) {
  TextStream stream({"\xa9!"});
  EXPECT_EQ(stream.Append("\u00e9"), "");
  EXPECT_EQ(stream.Append("?"), "\u00e9?");
}

TEST(TextStream, Finish_AddsTheLastBytes) {
  TextStream open({"END"});
  EXPECT_EQ(open.Append("aE"), "a");
  EXPECT_EQ(open.Finish("N\xc3"), "EN\xc3");
  TextStream stopped({"END"});
  EXPECT_EQ(stopped.Append("aEN"), "a");
  EXPECT_EQ(stopped.Finish("D"), "");
  EXPECT_TRUE(stopped.stopped());
  EXPECT_EQ(stopped.text(), "a");
}

TEST(TextStream, BreakOff_DropsACharacterThatIsNotFinished_AndNothingElse) {
  const auto broken_off = [](std::string_view first, std::string_view last, const Pieces& stops) {
    TextStream stream(stops);
    std::string text(stream.Append(first));
    text += stream.BreakOff(last);
    EXPECT_EQ(text, stream.text());
    return text;
  };
  EXPECT_EQ(broken_off("a", "\xc3", {}), "a");
  EXPECT_EQ(broken_off("a\xf0\x9f", "\x98", {}), "a");
  EXPECT_EQ(broken_off("a\xc3", "\xa9", {}), "a\xc3\xa9");     // finished at last
  EXPECT_EQ(broken_off("a\xc3", "", {}), "a");                 // held back before
  EXPECT_EQ(broken_off("a\xe2", "\xc3", {}), "a\xe2");         // a byte that belongs to no character stays
  EXPECT_EQ(broken_off("a\xa9", "\xff", {}), "a\xa9\xff");
  EXPECT_EQ(broken_off("aEN", "\xc3", {"END"}), "aEN");        // what could have become a stop string stays
  EXPECT_EQ(broken_off("a\xc3", "\xa9x", {"\xa9x"}), "a\xc3");  // one that begins inside of a character
  EXPECT_EQ(broken_off("", "\xe7", {}), "");
}

TEST(TextStream, EmptyStops_AreIgnored) {
  TextStream stream({"", "x"});
  EXPECT_EQ(stream.Append("a"), "a");
  EXPECT_FALSE(stream.stopped());
}

TEST(UnfinishedCharacter, CountsBytesOfTheBegunCharacter) {
  EXPECT_EQ(UnfinishedCharacter(""), 0u);
  EXPECT_EQ(UnfinishedCharacter("abc"), 0u);
  EXPECT_EQ(UnfinishedCharacter("a\xc3"), 1u);
  EXPECT_EQ(UnfinishedCharacter("\xe2\x82"), 2u);
  EXPECT_EQ(UnfinishedCharacter("ab\xf0\x9f\x98"), 3u);
  EXPECT_EQ(UnfinishedCharacter("\u20ac"), 0u);
  EXPECT_EQ(UnfinishedCharacter("\xf5"), 0u);
  EXPECT_EQ(UnfinishedCharacter("\xc1"), 0u);
}

}  // namespace
}  // namespace cllm
