#include "text/word_counts.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/random.h"
#include "text/pre_split.h"

namespace cllm {
namespace {

// Words of one to nine letters, the short ones frequent.
std::string RandomText(uint64_t key, size_t words) {
  std::string text;
  for (uint64_t i = 0; i < words; ++i) {
    uint64_t bits = RandomBits(key, i);
    const uint64_t letters = 1 + bits % 9;
    text += i % 17 == 0 ? ".\n" : " ";
    for (uint64_t j = 0; j < letters; ++j) text += static_cast<char>('a' + (bits >> (8 + 3 * j)) % 3);
  }
  return text;
}

std::vector<std::pair<std::string, uint64_t>> Listed(const WordCounts& words) {
  std::vector<std::pair<std::string, uint64_t>> list;
  for (size_t i = 0; i < words.size(); ++i) list.emplace_back(words.word(i), words.count(i));
  return list;
}

TEST(WordCounts, AgreeWithAMapOnAnyNumberOfThreads) {
  const std::string text = RandomText(1, 500'000);  // several batches
  ASSERT_GT(text.size(), size_t{2} << 20);
  std::map<std::string, uint64_t> expected;
  std::vector<std::string_view> blocks;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = std::min(text.size(), begin + 100'000);
    while (end < text.size() && text[end] != ' ') ++end;
    blocks.push_back(std::string_view(text).substr(begin, end - begin));
    begin = end;
  }
  ForEachPiece(text, [&](std::string_view piece) { ++expected[std::string(piece)]; });
  uint64_t documents = 0;
  const Result<WordCounts> one = CountWords(DocumentSource(blocks), 1, documents);
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(documents, blocks.size());
  const auto listed = Listed(*one);
  EXPECT_EQ((std::map<std::string, uint64_t>(listed.begin(), listed.end())), expected);
  for (const size_t threads : {size_t{2}, size_t{3}, size_t{16}}) {
    const Result<WordCounts> many = CountWords(DocumentSource(blocks), threads, documents);
    ASSERT_TRUE(many.ok());
    EXPECT_EQ(Listed(*many), listed) << threads;
  }
}

TEST(WordCounts, DocumentsAreBlocksUpToTheirEnd) {
  const TextSource source = [](const TextVisitor& visitor) {
    CLLM_TRY(visitor({.text = "one two", .ends_document = false}));
    CLLM_TRY(visitor({.text = " three", .ends_document = true}));
    return visitor({.text = "", .ends_document = true});
  };
  uint64_t documents = 0;
  const Result<WordCounts> words = CountWords(source, 2, documents);
  ASSERT_TRUE(words.ok());
  EXPECT_EQ(documents, 2u);
  EXPECT_EQ(words->size(), 3u);
  EXPECT_EQ(words->word(2), " three");
}

TEST(WordCounts, ErrorOfTheSourceComesBack) {
  const TextSource source = [](const TextVisitor& visitor) {
    CLLM_TRY(visitor({.text = "one"}));
    return BadInput("cannot be read further");
  };
  uint64_t documents = 0;
  const Result<WordCounts> words = CountWords(source, 2, documents);
  ASSERT_FALSE(words.ok());
  EXPECT_EQ(words.status().message(), "cannot be read further");
}

TEST(WordCounts, ThinKeepsTheFrequentThenTheFirst) {
  WordCounts words;
  words.Add("rare1", 1);
  words.Add("often", 9);
  words.Add("twice1", 2);
  words.Add("twice2", 2);
  words.Add("twice3", 2);
  words.Add("rare2", 1);
  words.Thin(5 + 12);
  const std::vector<std::pair<std::string, uint64_t>> expected = {{"often", 9}, {"twice1", 2}, {"twice2", 2}};
  EXPECT_EQ(Listed(words), expected);
  words.Thin(100);
  EXPECT_EQ(Listed(words), expected);
}

// A text without spaces whose pieces are all different: memory stays bounded, and something is kept.
TEST(WordCounts, TextWithoutSpacesIsThinned) {
  std::string block(kMaxPieceBytes, 'a');
  const TextSource source = [&](const TextVisitor& visitor) {
    for (uint64_t i = 0; i < 600; ++i) {  // 37.5 MiB
      for (size_t j = 0; j < 8; ++j) block[j] = static_cast<char>('a' + (i >> (4 * j)) % 16);
      CLLM_TRY(visitor({.text = block}));
    }
    return Status();
  };
  uint64_t documents = 0;
  const Result<WordCounts> words = CountWords(source, 2, documents);
  ASSERT_TRUE(words.ok());
  EXPECT_LE(words->bytes(), kMaxWordBytes);
  EXPECT_GE(words->bytes(), kMaxWordBytes / 4);
}

}  // namespace
}  // namespace cllm
