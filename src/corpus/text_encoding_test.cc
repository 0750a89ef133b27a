#include "corpus/text_encoding.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

// Gives a text in pieces of a size.
class Pieces : public ByteSource {
 public:
  Pieces(std::string text, size_t size) : text_(std::move(text)), size_(size) {}
  Result<size_t> Read(std::span<char> out) override {
    const size_t count = std::min({out.size(), size_, text_.size() - at_});
    std::memcpy(out.data(), text_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  std::string text_;
  size_t size_, at_ = 0;
};

struct Decoded {
  std::string text;
  Decoding decoding;
};
Decoded Decode(const std::string& text, size_t piece) {
  Decoded found;
  const auto source = DecodeMarkedText(std::make_unique<Pieces>(text, piece), found.decoding);
  std::string block(piece % 7 + 1, '\0');
  while (true) {
    const Result<size_t> count = source->Read(block);
    EXPECT_TRUE(count.ok());
    if (*count == 0) break;
    found.text.append(block, 0, *count);
  }
  EXPECT_EQ(*source->Read(block), 0u) << "the end is for good";
  return found;
}

// Units of a size, as they stand in a file.
std::string Units(const std::u32string& units, size_t size, bool big_endian) {
  std::string text;
  for (const char32_t unit : units) {
    for (size_t i = 0; i < size; ++i) text += static_cast<char>(unit >> 8 * (big_endian ? size - 1 - i : i));
  }
  return text;
}

TEST(TextEncoding, MarkedText_IsTheSameAsUtf8_InPiecesOfAnySize) {
  const std::string expected = "a\u00e9\u20ac\U0001F600\nz";
  const std::u32string wide = U"\ufeffa\u00e9\u20ac\U0001F600\nz";
  const std::u32string pairs = {0xFEFF, 'a', 0xE9, 0x20AC, 0xD83D, 0xDE00, '\n', 'z'};
  for (const size_t piece : {1u, 2u, 3u, 5u, 1000u}) {
    for (const bool big_endian : {false, true}) {
      EXPECT_EQ(Decode(Units(pairs, 2, big_endian), piece).text, expected);
      EXPECT_EQ(Decode(Units(pairs, 2, big_endian), piece).decoding.encoding, "UTF-16");
      EXPECT_EQ(Decode(Units(wide, 4, big_endian), piece).text, expected);
      EXPECT_EQ(Decode(Units(wide, 4, big_endian), piece).decoding.encoding, "UTF-32");
    }
    EXPECT_EQ(Decode("\xEF\xBB\xBF" + expected, piece).text, expected);
    EXPECT_EQ(Decode("\xEF\xBB\xBF" + expected, piece).decoding.encoding, "");
  }
}

TEST(TextEncoding, WithoutAMark_NothingChanges) {
  const std::string latin1 = "caf\xE9", inside = "a\xEF\xBB\xBFz";
  for (const std::string& text : {std::string(), std::string("a"), latin1, inside, std::string("\xEF\xBB"),
                                  SampleText(200'000, 3)}) {
    for (const size_t piece : {1u, 4096u}) {
      if (piece == 1 && text.size() > 1000) continue;
      EXPECT_EQ(Decode(text, piece).text, text);
      EXPECT_EQ(Decode(text, piece).decoding.replaced, 0u);
    }
  }
}

TEST(TextEncoding, WhatEncodesNothing_IsReplacedAndCounted) {
  const std::string bad = "\uFFFD";
  const std::u32string units = {0xFEFF, 0xD83D, 'a', 0xDE00, 0xD83D, 0xD83D, 0xDE00, 0xD83D};
  const Decoded found = Decode(Units(units, 2, false) + "x", 3);
  EXPECT_EQ(found.text, bad + "a" + bad + bad + "\U0001F600" + bad + bad);
  EXPECT_EQ(found.decoding.replaced, 5u);
  const std::u32string wide = {0xFEFF, 0xD83D, 0xDE00, 0x110000, 'a'};
  EXPECT_EQ(Decode(Units(wide, 4, true), 1).text, bad + bad + bad + "a");
}

}  // namespace
}  // namespace cllm
