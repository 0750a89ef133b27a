#include "corpus/block_cutter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "corpus/testing/text_fixture.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

struct Blocks {
  std::vector<std::string> texts;
  std::vector<bool> ends;
  bool operator==(const Blocks&) const = default;
};

// The blocks of one document that arrives in pieces of `step` bytes.
Blocks Cut(std::string_view document, size_t step) {
  Blocks blocks;
  const TextVisitor visitor = [&](const TextBlock& block) {
    blocks.texts.emplace_back(block.text);
    blocks.ends.push_back(block.ends_document);
    return Status();
  };
  BlockCutter cutter(visitor);
  for (size_t i = 0; i < document.size(); i += step) EXPECT_TRUE(cutter.Append(document.substr(i, step)).ok());
  EXPECT_TRUE(cutter.EndDocument().ok());
  return blocks;
}

TEST(BlockCutter, Blocks_DoNotDependOnHowTheTextArrives) {
  const std::string text = SampleText(3 * kMaxBlockBytes + 17, 1);
  const Blocks whole = Cut(text, text.size());
  EXPECT_GE(whole.texts.size(), 4u);
  for (const size_t step : {size_t{997}, kMaxBlockBytes - 1, kMaxBlockBytes, kMaxBlockBytes + 1}) {
    EXPECT_EQ(Cut(text, step), whole) << step;
  }
}

TEST(BlockCutter, Blocks_JoinToTheDocumentAndAreBounded) {
  const std::string text = SampleText(2 * kMaxBlockBytes, 2);
  const Blocks blocks = Cut(text, 4096);
  std::string joined;
  for (const std::string& block : blocks.texts) {
    EXPECT_LE(block.size(), kMaxBlockBytes);
    joined += block;
  }
  EXPECT_EQ(joined, text);
  EXPECT_EQ(std::count(blocks.ends.begin(), blocks.ends.end(), true), 1);
  EXPECT_TRUE(blocks.ends.back());
}

TEST(BlockCutter, DocumentOfExactlyOneBlock_IsOneBlock) {
  EXPECT_EQ(Cut(std::string(kMaxBlockBytes, 'x'), 1000).texts.size(), 1u);
  EXPECT_EQ(Cut(std::string(kMaxBlockBytes + 1, 'x'), 1000).texts.size(), 2u);
}

TEST(BlockCutter, EmptyDocument_IsLeftOut) { EXPECT_TRUE(Cut("", 1).texts.empty()); }

TEST(BlockCutter, VisitorError_StopsAndIsReturned) {
  const TextVisitor visitor = [](const TextBlock&) { return Failed("enough"); };
  BlockCutter cutter(visitor);
  EXPECT_EQ(cutter.Append(std::string(kMaxBlockBytes + 1, ' ')).message(), "enough");
}

TEST(BlockCutter, TokensOfBlocks_AreTokensOfTheWhole) {
  const std::string text = SampleText(2 * kMaxBlockBytes, 3);
  const std::string_view documents[] = {text};
  const Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = 300}, DocumentSource(documents), 1);
  ASSERT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  std::vector<uint32_t> tokens;
  const Blocks blocks = Cut(text, text.size());
  ASSERT_GT(blocks.texts.size(), 2u);
  for (const std::string& block : blocks.texts) tokenizer->Encode(block, tokens);
  EXPECT_EQ(tokens, tokenizer->Encode(text));
}

TEST(BlockCut, PrefersTheLastWhiteSpaceBehindAWord) {
  EXPECT_EQ(BlockCut("one two three"), 7u);
  EXPECT_EQ(BlockCut("one two   "), 7u);  // the run of spaces stays together
  EXPECT_EQ(BlockCut("one\ntwo"), 3u);
  EXPECT_EQ(BlockCut("мир труд май"), 15u);
}

TEST(BlockCut, UnicodeSpaceBeforeSpace_IsNoPlaceToCut) {
  EXPECT_EQ(BlockCut("one two\u00A0 x"), 3u);
  EXPECT_EQ(BlockCut("one two\u3000 x"), 3u);
  EXPECT_EQ(BlockCut("one two\u2003 x"), 3u);
}

TEST(BlockCut, WithoutWhiteSpace_CutsBetweenCharacters) {
  EXPECT_EQ(BlockCut("abcdef"), 6u);
  const std::string text = "日本語日本語";  // 3 bytes each
  for (size_t size = 4; size <= text.size(); ++size) {
    const size_t cut = BlockCut(std::string_view(text).substr(0, size));
    EXPECT_EQ(cut % 3, 0u) << size;
    EXPECT_GT(cut, 0u);
  }
  const std::string wide = "😀😀😀";  // 4 bytes each
  for (size_t size = 5; size <= wide.size(); ++size) {
    EXPECT_EQ(BlockCut(std::string_view(wide).substr(0, size)) % 4, 0u) << size;
  }
}

TEST(BlockCut, BytesThatAreNoUtf8_AreCutSomewhere) {
  for (const char byte : {'\x80', '\xBF', '\xFF', '\xC3', '\0'}) {
    const size_t cut = BlockCut(std::string(9, byte));
    EXPECT_GE(cut, 1u);
    EXPECT_LE(cut, 9u);
  }
}

}  // namespace
}  // namespace cllm
