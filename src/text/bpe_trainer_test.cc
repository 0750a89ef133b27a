#include "text/bpe_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/random.h"
#include "text/pre_split.h"
#include "text/tokenizer.h"

namespace cllm {
namespace {

using testing::HasSubstr;

WordCounts CountsOf(std::string_view text) {
  WordCounts words;
  ForEachPiece(text, [&](std::string_view piece) { words.Add(piece, 1); });
  return words;
}

// The definition, all pairs counted anew for every merge. Stops at `vocabulary` or when no pair occurs twice.
LearnedMerges LearnByDefinition(const WordCounts& counts, size_t vocabulary) {
  LearnedMerges learned{.tokens = std::vector<std::string>(kFirstByteId)};
  std::map<std::string, uint32_t> ids;
  const auto id_of = [&](const std::string& bytes) {
    const auto [entry, added] = ids.try_emplace(bytes, static_cast<uint32_t>(learned.tokens.size()));
    if (added) learned.tokens.push_back(bytes);
    return entry->second;
  };
  for (int byte = 0; byte < 256; ++byte) id_of(std::string(1, static_cast<char>(byte)));
  std::vector<std::vector<uint32_t>> words;
  for (size_t w = 0; w < counts.size(); ++w) {
    words.emplace_back();
    for (const char c : counts.word(w)) words.back().push_back(kFirstByteId + static_cast<unsigned char>(c));
  }
  std::set<std::pair<uint32_t, uint32_t>> merged;
  while (learned.tokens.size() < vocabulary) {
    std::map<std::pair<uint32_t, uint32_t>, uint64_t> pairs;
    for (size_t w = 0; w < words.size(); ++w) {
      for (size_t i = 0; i + 1 < words[w].size(); ++i) pairs[{words[w][i], words[w][i + 1]}] += counts.count(w);
    }
    const auto best = std::max_element(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) {
      return a.second != b.second ? a.second < b.second : a.first > b.first;
    });
    if (best == pairs.end() || best->second < kMinPairCount) break;
    const auto [left, right] = best->first;
    const uint32_t result = id_of(learned.tokens[left] + learned.tokens[right]);
    if (merged.insert(best->first).second) learned.merges.push_back({.left = left, .right = right, .result = result});
    for (std::vector<uint32_t>& word : words) {
      for (size_t i = 0; i + 1 < word.size(); ++i) {
        if (word[i] != left || word[i + 1] != right) continue;
        word[i] = result;
        word.erase(word.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  return learned;
}

// Texts over few letters, where ties, runs of one letter and strings with two ways to be made abound.
std::string DenseText(uint64_t key, size_t bytes, uint64_t letters) {
  std::string text;
  for (uint64_t i = 0; text.size() < bytes; ++i) {
    const uint64_t bits = RandomBits(key, i);
    text += bits % 20 == 0 ? ' ' : static_cast<char>('a' + (bits >> 8) % letters);
  }
  return text;
}

TEST(BpeTrainer, LearnsTheMergesOfTheDefinition) {
  size_t reused = 0;
  for (uint64_t key = 0; key < 12; ++key) {
    const WordCounts words = CountsOf(DenseText(key, 4000 / CLLM_SWEEP_DIVISOR, 1 + key % 4));
    const LearnedMerges expected = LearnByDefinition(words, kByteVocabulary + 300);
    const Result<LearnedMerges> learned = LearnMerges(words, expected.tokens.size());
    ASSERT_TRUE(learned.ok()) << learned.status().message();
    EXPECT_EQ(learned->tokens, expected.tokens) << key;
    EXPECT_EQ(learned->merges, expected.merges) << key;
    reused += learned->merges.size() - (learned->tokens.size() - kByteVocabulary);
  }
  EXPECT_EQ(reused, 0u);  // a string that is a token is always made the same way, so every merge adds one
}

TEST(BpeTrainer, LearnsTheMergesOfTheDefinitionOnProse) {
  const WordCounts words = CountsOf(
      "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness, "
      "it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of "
      "Darkness, it was the spring of hope, it was the winter of despair, we had everything before us");
  const LearnedMerges expected = LearnByDefinition(words, kByteVocabulary + 1000);
  const Result<LearnedMerges> learned = LearnMerges(words, expected.tokens.size());
  ASSERT_TRUE(learned.ok());
  EXPECT_EQ(learned->tokens, expected.tokens);
  EXPECT_EQ(learned->merges, expected.merges);
  EXPECT_GT(learned->merges.size(), 30u);
}

TEST(BpeTrainer, TiesGoToTheSmallestPair) {
  WordCounts words;
  words.Add("zy", 3);
  words.Add("ba", 3);
  words.Add("bc", 3);
  const Result<LearnedMerges> learned = LearnMerges(words, kByteVocabulary + 3);
  ASSERT_TRUE(learned.ok());
  EXPECT_EQ(learned->tokens[kByteVocabulary], "ba");
  EXPECT_EQ(learned->tokens[kByteVocabulary + 1], "bc");
  EXPECT_EQ(learned->tokens[kByteVocabulary + 2], "zy");
}

TEST(BpeTrainer, RunsOfOneLetterMergeFromTheLeft) {
  WordCounts words;
  words.Add("aaaaa", 2);
  const Result<LearnedMerges> learned = LearnMerges(words, kByteVocabulary + 3);
  ASSERT_TRUE(learned.ok());
  EXPECT_EQ(learned->tokens[kByteVocabulary], "aa");
  EXPECT_EQ(learned->tokens[kByteVocabulary + 1],
            "aaa");  // aa aa a: (a a)(a) after the tie of counts: (aa, a) is smaller
  EXPECT_EQ(learned->tokens[kByteVocabulary + 2], "aaaaa");
}

TEST(BpeTrainer, TooLargeAVocabularyNamesThePossibleOne) {
  WordCounts words;
  words.Add("abcd", 2);
  words.Add("once", 1);
  ASSERT_TRUE(LearnMerges(words, kByteVocabulary + 3).ok());
  const Result<LearnedMerges> learned = LearnMerges(words, kByteVocabulary + 4);
  ASSERT_FALSE(learned.ok());
  EXPECT_EQ(learned.status().code(), Code::kBadInput);
  EXPECT_THAT(learned.status().message(), HasSubstr("bpe:263"));
  EXPECT_THAT(learned.status().message(), HasSubstr("Choose bpe:262"));
}

TEST(BpeTrainer, EmptyTextSupportsTheBytesOnly) {
  EXPECT_TRUE(LearnMerges(WordCounts(), kByteVocabulary).ok());
  EXPECT_FALSE(LearnMerges(WordCounts(), kByteVocabulary + 1).ok());
}

}  // namespace
}  // namespace cllm
