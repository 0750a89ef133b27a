#include "serve/dashboard/copied_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"

namespace cllm {
namespace {

using Tokens = std::vector<uint32_t>;
using ::testing::Each;
using ::testing::ElementsAreArray;

// Tokens as a file holds them.
class Training {
 public:
  explicit Training(const Tokens& tokens) : tokens_(tokens.begin(), tokens.end()) {}
  TokenView view() const { return {tokens_.data(), 2, tokens_.size(), 65536}; }

 private:
  std::vector<uint16_t> tokens_;
};

Tokens Copies(const Tokens& text, const Tokens& training) {
  const Training file(training);
  const auto lengths = LongestCopies(std::vector<Tokens>{text}, file.view(), {});
  EXPECT_TRUE(lengths.ok()) << lengths.status().message();
  return lengths->front();
}

Tokens Random(size_t count, uint64_t key, uint32_t vocabulary) {
  Tokens tokens;
  for (size_t i = 0; i < count; ++i) tokens.push_back(static_cast<uint32_t>(RandomBits(key, i) % vocabulary));
  return tokens;
}

// By trying every pair of places.
Tokens SlowCopies(const Tokens& text, const Tokens& training) {
  Tokens lengths(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    for (size_t j = 0; j < training.size(); ++j) {
      uint32_t n = 0;
      while (i + n < text.size() && j + n < training.size() && text[i + n] == training[j + n]) ++n;
      if (n < kLeastCopied) continue;
      for (size_t k = i; k < i + n; ++k) lengths[k] = std::max(lengths[k], n);
    }
  }
  return lengths;
}

TEST(CopiedText, MatchesOfEightTokensCount_ShorterOnesDoNot) {
  const Tokens training = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_THAT(Copies({1, 2, 3, 4, 5, 6, 7, 99}, training), Each(0u));
  EXPECT_THAT(Copies({50, 2, 3, 4, 5, 6, 7, 8, 9, 51}, training), ElementsAreArray({0, 8, 8, 8, 8, 8, 8, 8, 8, 0}));
  EXPECT_THAT(Copies(training, training), Each(10u));
  EXPECT_THAT(Copies({}, training), ElementsAreArray(Tokens{}));
  EXPECT_THAT(Copies(training, {1, 2, 3}), Each(0u));
  EXPECT_THAT(Copies(training, {}), Each(0u));
}

TEST(CopiedText, IsWhatTryingEveryPairOfPlacesFinds) {
  for (uint64_t key = 0; key < 40; ++key) {
    const uint32_t vocabulary = 2 + static_cast<uint32_t>(key % 3);  // many matches, and repetitions
    const Tokens training = Random(3000, key, vocabulary), text = Random(60, key + 1000, vocabulary);
    EXPECT_EQ(Copies(text, training), SlowCopies(text, training)) << key;
  }
  const Tokens same(300, 7);
  EXPECT_EQ(Copies(Tokens(100, 7), same), SlowCopies(Tokens(100, 7), same));
}

TEST(CopiedText, AcrossPiecesOfTheFile_AndInSeveralTexts) {
  Tokens training = Random(200'000, 5, 60'000);
  const std::vector<Tokens> texts = {Tokens(training.begin() + 65'530, training.begin() + 65'550),
                                     Random(100, 6, 60'000), Tokens(training.end() - 9, training.end())};
  const Training file(training);
  const auto lengths = LongestCopies(texts, file.view(), {});
  ASSERT_TRUE(lengths.ok());
  EXPECT_THAT((*lengths)[0], Each(20u));
  EXPECT_THAT((*lengths)[1], Each(0u));
  EXPECT_THAT((*lengths)[2], Each(9u));
}

TEST(CopiedText, StopsWhenAsked_AndRefusesDamagedTokens) {
  std::stop_source source;
  source.request_stop();
  const Training file(Random(1000, 1, 100));
  const std::vector<Tokens> texts = {Random(20, 2, 100)};
  EXPECT_FALSE(LongestCopies(texts, file.view(), source.get_token()).ok());
  const std::vector<uint16_t> raw = {1, 2, 3, 200, 5, 6, 7, 8, 9};
  EXPECT_EQ(LongestCopies(texts, {raw.data(), 2, raw.size(), 100}, {}).status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
