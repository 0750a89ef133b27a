#include "text/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "base/random.h"
#include "base/testing/growth_of_time.h"
#include "text/pre_split.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kProse =
    "The walker walked to the walking place, talking and talked about what the talker had talked about. THE END. "
    "Naïve readers don't read 1,000 pages; they're reading 2,000 pages of the thing.\n\n  The things that the readers "
    "read are things that they've read before, and before that, and the thing before that.";

Tokenizer Trained(size_t vocabulary) {
  const std::vector<std::string_view> documents = {kProse, kProse};
  Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = vocabulary}, DocumentSource(documents), 1);
  EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
  return *std::move(tokenizer);
}

TEST(Tokenizer, BytesAreIdsFromThree) {
  const Tokenizer tokenizer = Tokenizer::Bytes();
  EXPECT_EQ(tokenizer.vocabulary(), kByteVocabulary);
  EXPECT_EQ(tokenizer.name(), "bytes");
  EXPECT_THAT(tokenizer.Encode(std::string_view("\0A\xff", 3)), ElementsAre(3, 68, 258));
  EXPECT_EQ(tokenizer.lattice().size(), kByteVocabulary);
  EXPECT_EQ(tokenizer.lattice().codes()[3 + 'A'], 3 * tokenizer.lattice().codes()[3 + 'a']);
}

TEST(Tokenizer, EverySingleByteIsItsToken) {
  for (const Tokenizer& tokenizer : {Tokenizer::Bytes(), Trained(300)}) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const std::string text(1, static_cast<char>(byte));
      EXPECT_THAT(tokenizer.Encode(text), ElementsAre(kFirstByteId + byte));
      EXPECT_EQ(tokenizer.TokenBytes(kFirstByteId + byte), text);
    }
  }
}

TEST(Tokenizer, AnyBytesReturn) {
  for (const Tokenizer& tokenizer : {Tokenizer::Bytes(), Trained(320)}) {
    for (uint64_t i = 0; i < 300; ++i) {
      std::string text;
      for (uint64_t j = 0; j < i; ++j) {
        const uint64_t bits = RandomBits(i, j);
        text += bits % 3 == 0 ? std::string(1, static_cast<char>(bits >> 8))
                              : std::string(kProse.substr((bits >> 8) % (kProse.size() - 8), bits % 8));
      }
      const std::vector<uint32_t> ids = tokenizer.Encode(text);
      for (const uint32_t id : ids) ASSERT_GE(id, kFirstByteId);
      ASSERT_EQ(tokenizer.Decode(ids), text);
    }
  }
}

TEST(Tokenizer, WordsOfTheTextBecomeOneToken) {
  const Tokenizer tokenizer = Trained(340);
  EXPECT_EQ(tokenizer.name(), "bpe:340");
  const std::vector<uint32_t> ids = tokenizer.Encode(" the thing");
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(tokenizer.TokenBytes(ids[0]), " the");
  EXPECT_EQ(tokenizer.TokenText(ids[0]), "Ġthe");
}

// Pieces that are a token are taken whole; that must be what the merges give.
TEST(Tokenizer, WholePiecesAreWhatTheMergesGive) {
  const Tokenizer tokenizer = Trained(345);
  std::array<uint32_t, 256> bytes{};
  for (uint32_t byte = 0; byte < 256; ++byte) bytes[byte] = kFirstByteId + byte;
  const PieceEncoder merges_only(bytes, tokenizer.merges());
  std::vector<uint32_t> expected;
  ForEachPiece(kProse, [&](std::string_view piece) { merges_only.Encode(piece, expected); });
  EXPECT_EQ(tokenizer.Encode(kProse), expected);
  for (uint32_t id = kFirstByteId; id < tokenizer.vocabulary(); ++id) {
    expected.clear();
    ForEachPiece(tokenizer.TokenBytes(id), [&](std::string_view piece) { merges_only.Encode(piece, expected); });
    EXPECT_EQ(tokenizer.Encode(tokenizer.TokenBytes(id)), expected) << tokenizer.TokenText(id);
  }
}

TEST(Tokenizer, SpecialTokensHaveNamesAndNoBytes) {
  const Tokenizer tokenizer = Trained(300);
  EXPECT_EQ(tokenizer.TokenText(kUnknownId), "<unk>");
  EXPECT_EQ(tokenizer.TokenText(kBeginId), "<s>");
  EXPECT_EQ(tokenizer.TokenText(kEndId), "</s>");
  EXPECT_EQ(tokenizer.Decode(std::vector<uint32_t>{kBeginId, 3 + 'x', kEndId, kUnknownId}), "x");
  for (const uint32_t id : tokenizer.Encode("<s></s><unk>")) EXPECT_GE(id, kFirstByteId);
}

TEST(Tokenizer, EndlessTextIsNotQuadratic) {
  const Tokenizer tokenizer = Trained(330);
  for (const char c : {'a', ' ', '\n', '!', '7', '\xff'}) {
    const double growth = GrowthOfTime(size_t{1} << 15, size_t{1} << 19, [&](size_t size) {
      const std::string text(size, c);
      EXPECT_EQ(tokenizer.Decode(tokenizer.Encode(text)), text);
    });
    EXPECT_LT(growth, 100) << "16 is proportional, 256 quadratic; of byte " << int{c};
  }
}

TEST(Tokenizer, HashIsOfAllContent) {
  std::set<std::string> hashes = {Tokenizer::Bytes().hash().Hex(), Trained(300).hash().Hex(),
                                  Trained(301).hash().Hex()};
  EXPECT_EQ(hashes.size(), 3u);
  EXPECT_EQ(Trained(300).hash(), Trained(300).hash());
}

// The parts of bytes with the merge "a" + "b".
TokenizerParts MadeParts() {
  TokenizerParts parts;
  parts.tokens.resize(kFirstByteId);
  for (int byte = 0; byte < 256; ++byte) parts.tokens.emplace_back(1, static_cast<char>(byte));
  parts.tokens.push_back("ab");
  parts.merges = {{.left = 3 + 'a', .right = 3 + 'b', .result = 259}};
  return parts;
}

Status CreateFrom(const TokenizerParts& parts) {
  std::vector<LatticeToken> entries;
  for (const std::string& token : parts.tokens) entries.push_back({.bytes = token, .special = token.empty()});
  return Tokenizer::Create(parts, TokenLattice::Build(entries)).status();
}

TEST(Tokenizer, InconsistentPartsAreRefused) {
  ASSERT_TRUE(CreateFrom(MadeParts()).ok());
  using Change = std::function<void(TokenizerParts&)>;
  const std::vector<std::pair<const char*, Change>> faults = {
      {"byte 0x07 has no token", [](TokenizerParts& p) { p.tokens[3 + 7] = "zz"; }},
      {"token 259 is there twice", [](TokenizerParts& p) { p.tokens[259] = "a"; }},
      {"token 200 is empty", [](TokenizerParts& p) { p.tokens[200].clear(); }},
      {"merge 0 names an id outside", [](TokenizerParts& p) { p.merges[0].result = 260; }},
      {"merge 0 names an id outside", [](TokenizerParts& p) { p.merges[0].left = UINT32_MAX; }},
      {"merge 0 does not join", [](TokenizerParts& p) { p.merges[0].left = 3 + 'b'; }},
      {"merge 0 does not join", [](TokenizerParts& p) { p.merges[0].left = kBeginId; }},
      {"merge 1 is there twice", [](TokenizerParts& p) { p.merges.push_back(p.merges[0]); }},
      {"special token id 260", [](TokenizerParts& p) { p.begin = 260; }},
      {"special token 259 has bytes", [](TokenizerParts& p) { p.begin = 259; }},
      {"two special tokens have the id 2", [](TokenizerParts& p) { p.begin = kEndId; }},
  };
  for (const auto& [message, change] : faults) {
    TokenizerParts parts = MadeParts();
    change(parts);
    const Status status = CreateFrom(parts);
    EXPECT_EQ(status.code(), Code::kBadInput);
    EXPECT_THAT(status.message(), HasSubstr(message));
  }
}

TEST(Tokenizer, LatticeHasOneCodePerToken) {
  const Status status = Tokenizer::Create(MadeParts(), Tokenizer::Bytes().lattice()).status();
  EXPECT_THAT(status.message(), HasSubstr("259 lattice codes for 260 tokens"));
}

}  // namespace
}  // namespace cllm
