#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/tokenizer.h"
#include "text/tokenizer_file.h"

// What tokenizers that were made elsewhere may have otherwise.
namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Bytes at ids 0 to 255, "ab" by a merge, " walkie" by none, then two special tokens of which the first does
// everything.
TokenizerParts Foreign() {
  TokenizerParts parts;
  for (size_t byte = 0; byte < 256; ++byte) parts.tokens.emplace_back(1, static_cast<char>(byte));
  parts.tokens.insert(parts.tokens.end(), {"ab", " walkie", "", ""});
  parts.merges = {{'a', 'b', 256}};
  parts.unknown = parts.begin = parts.end = 258;
  parts.specials = {{258, "<|endoftext|>"}, {259, "<|im_end|>"}};
  return parts;
}

TokenLattice LatticeOf(const TokenizerParts& parts) {
  std::vector<LatticeToken> entries;
  const std::vector<std::string> names = {"special 0", "special 1"};
  for (const std::string& token : parts.tokens) {
    const bool special = token.empty();
    entries.push_back({.bytes = special ? names[entries.size() - 258] : token, .special = special});
  }
  return TokenLattice::Build(entries);
}

Tokenizer Made(const TokenizerParts& parts) {
  Result<Tokenizer> tokenizer = Tokenizer::Create(parts, LatticeOf(parts));
  CHECK(tokenizer.ok());
  return *std::move(tokenizer);
}

TEST(ForeignParts, OneTokenMayBeginAndEnd_AndThenComesOutOfAModel) {
  const Tokenizer tokenizer = Made(Foreign());
  EXPECT_THAT(tokenizer.never_generated(), IsEmpty());
  EXPECT_EQ(tokenizer.TokenText(258), "<|endoftext|>");
  EXPECT_EQ(tokenizer.TokenText(259), "<|im_end|>");
  EXPECT_EQ(tokenizer.Decode(std::vector<uint32_t>{'a', 258, 259, 'b'}), "ab");
  EXPECT_THAT(Tokenizer::Bytes().never_generated(), ElementsAre(kUnknownId, kBeginId));
}

TEST(ForeignParts, SpecialTokensSpelledOut_AreText) {
  const Tokenizer tokenizer = Made(Foreign());
  EXPECT_EQ(tokenizer.Encode("<|im_end|>").size(), 10u);
}

TEST(ForeignParts, WholePieces_AreTokensWithoutMerges) {
  TokenizerParts parts = Foreign();
  EXPECT_EQ(Made(parts).Encode(" walkie").size(), 7u);
  parts.whole_pieces = true;
  EXPECT_THAT(Made(parts).Encode(" walkie"), ElementsAre(257));
  EXPECT_THAT(Made(parts).Encode("ab walkie"), ElementsAre(256, 257));
  parts.merges.clear();
  EXPECT_THAT(Made(parts).Encode("ab walkie"), ElementsAre(256, 257));
}

TEST(ForeignParts, PreSplit_DecidesTheTokens) {
  TokenizerParts parts = Foreign();
  parts.tokens[256] = "12", parts.merges = {{'1', '2', 256}};
  EXPECT_THAT(Made(parts).Encode("12"), ElementsAre(256));
  parts.pre_split = PreSplit::kDigits;
  EXPECT_THAT(Made(parts).Encode("12"), ElementsAre('1', '2'));
  parts.pre_split = PreSplit::kLlama3;
  EXPECT_THAT(Made(parts).Encode("1212"), ElementsAre(256, '1', '2'));
}

TEST(ForeignParts, EveryDifference_ChangesTheHash_AndIsStored) {
  std::vector<TokenizerParts> all(5, Foreign());
  all[1].pre_split = PreSplit::kQwen2;
  all[2].whole_pieces = true;
  all[3].adds_begin = false;
  all[4].specials[1].name = "<|other|>";
  std::vector<Hash128> hashes;
  for (const TokenizerParts& parts : all) {
    const Tokenizer tokenizer = Made(parts);
    for (const Hash128& hash : hashes) EXPECT_NE(tokenizer.hash(), hash);
    hashes.push_back(tokenizer.hash());
    EXPECT_THAT(LatticeJson(tokenizer), HasSubstr("\"format\":2"));
    const Result<Tokenizer> again = ParseTokenizer(TokenizerJson(tokenizer), LatticeJson(tokenizer), "again");
    ASSERT_TRUE(again.ok()) << again.status().message();
    EXPECT_EQ(again->hash(), tokenizer.hash());
  }
  EXPECT_THAT(LatticeJson(Tokenizer::Bytes()), HasSubstr("\"format\":1"));
}

TEST(ForeignParts, Faults_AreNamed) {
  const auto fault = [](TokenizerParts parts) {
    const Result<Tokenizer> tokenizer = Tokenizer::Create(parts, LatticeOf(parts));
    return tokenizer.ok() ? "accepted" : tokenizer.status().message();
  };
  TokenizerParts parts = Foreign();
  parts.end = 'a';
  EXPECT_THAT(fault(parts), HasSubstr("token 97 is no special token"));
  parts = Foreign();
  parts.specials[1].id = 'a';
  EXPECT_THAT(fault(parts), HasSubstr("special token 97 has bytes"));
  parts = Foreign();
  parts.specials[1].id = 258;
  EXPECT_THAT(fault(parts), HasSubstr("two special tokens have the id 258"));
  parts = Foreign();
  parts.specials[1].name.clear();
  EXPECT_THAT(fault(parts), HasSubstr("special token 259 has no name"));
  parts = Foreign();
  parts.specials[1].id = 4'000'000'000;
  EXPECT_THAT(fault(parts), HasSubstr("not below the vocabulary"));
}

}  // namespace
}  // namespace cllm
