#include "text/tokenizer_trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/random.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

using testing::HasSubstr;

TEST(TokenizerTrainer, SpecsAreBytesOrBpe) {
  EXPECT_EQ(ParseTokenizerSpec("bytes")->vocabulary, kByteVocabulary);
  EXPECT_EQ(ParseTokenizerSpec("bpe:260")->vocabulary, 260u);
  EXPECT_EQ(ParseTokenizerSpec("bpe:131072")->vocabulary, kMaxLearnedVocabulary);
  for (const char* spec : {"", "byte", "bpe", "bpe:", "bpe:259", "bpe:-1", "bpe:1e4", "bpe:4096 ", "bpe: 4096",
                           "BPE:4096", "bpe:131073", "bpe:99999999999999999999999"}) {
    const Result<TokenizerSpec> parsed = ParseTokenizerSpec(spec);
    ASSERT_FALSE(parsed.ok()) << spec;
    EXPECT_EQ(parsed.status().code(), Code::kUsage);
    EXPECT_THAT(parsed.status().message(), HasSubstr("260 to 131072"));
  }
}

TEST(TokenizerTrainer, Spec_IsToldFromADirectory) {
  for (const char* spec : {"bytes", "bpe:4096", "bpe:", "bpe:many"}) EXPECT_TRUE(IsTokenizerSpec(spec)) << spec;
  for (const char* name : {"", "runs/book-1", "byte", "bpe", "./bpe:4096"}) EXPECT_FALSE(IsTokenizerSpec(name)) << name;
}

// Some megabytes of words with stems and endings.
std::vector<std::string> SomeDocuments() {
  const std::vector<std::string> stems = {"walk", "talk", "jump", "play", "look",
                                          "turn", "open", "rest", "call", "ask"};
  const std::vector<std::string> endings = {"", "", "", "s", "ed", "ing", "er"};
  std::vector<std::string> documents(7);
  for (uint64_t i = 0; i < 400'000; ++i) {
    const uint64_t bits = RandomBits(3, i);
    std::string word = stems[bits % stems.size()] + endings[(bits >> 8) % endings.size()];
    if ((bits >> 16) % 5 == 0) word[0] = static_cast<char>(word[0] - 32);
    if ((bits >> 24) % 7 == 0) word += std::to_string((bits >> 32) % 500);
    documents[i % documents.size()] += ((bits >> 20) % 11 == 0 ? ".\n" : " ") + word;
  }
  return documents;
}

std::vector<std::string_view> ViewsOf(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

TEST(TokenizerTrainer, ThreadsChangeNothing) {
  const std::vector<std::string> documents = SomeDocuments();
  const std::vector<std::string_view> views = ViewsOf(documents);
  const Result<Tokenizer> one = TrainTokenizer({.vocabulary = 600}, DocumentSource(views), 1);
  ASSERT_TRUE(one.ok()) << one.status().message();
  for (const size_t threads : {size_t{2}, size_t{3}, size_t{7}}) {
    const Result<Tokenizer> many = TrainTokenizer({.vocabulary = 600}, DocumentSource(views), threads);
    ASSERT_TRUE(many.ok());
    EXPECT_EQ(many->hash(), one->hash()) << threads;
    EXPECT_EQ(TokenizerJson(*many), TokenizerJson(*one)) << threads;
    EXPECT_EQ(LatticeJson(*many), LatticeJson(*one)) << threads;
  }
}

TEST(TokenizerTrainer, IdsFollowTheSpiralAfterTheBytes) {
  const std::vector<std::string> documents = SomeDocuments();
  const std::vector<std::string_view> views = ViewsOf(documents);
  const Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = 500}, DocumentSource(views), 2);
  ASSERT_TRUE(tokenizer.ok());
  const TokenLattice& lattice = tokenizer->lattice();
  for (uint32_t id = kByteVocabulary; id + 1 < tokenizer->vocabulary(); ++id) {
    const auto key = [&](uint32_t t) {
      return std::tuple(lattice.rank(t), lattice.codes()[t], tokenizer->TokenBytes(t));
    };
    EXPECT_LT(key(id), key(id + 1));
  }
  for (uint32_t byte = 0; byte < 256; ++byte) {
    EXPECT_EQ(tokenizer->TokenBytes(kFirstByteId + byte), std::string(1, static_cast<char>(byte)));
  }
}

// The stored codes are those of the final vocabulary with the counts of the encoded text.
TEST(TokenizerTrainer, LatticeCountsTheTokensOfTheText) {
  const std::vector<std::string> documents = SomeDocuments();
  const std::vector<std::string_view> views = ViewsOf(documents);
  for (const size_t vocabulary : {kByteVocabulary, size_t{450}}) {
    const Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = vocabulary}, DocumentSource(views), 2);
    ASSERT_TRUE(tokenizer.ok());
    std::vector<uint64_t> counts(tokenizer->vocabulary());
    for (const std::string& document : documents) {
      ++counts[kBeginId];
      ++counts[kEndId];
      for (const uint32_t id : tokenizer->Encode(document)) ++counts[id];
    }
    std::vector<std::string> names;
    for (uint32_t id = 0; id < tokenizer->vocabulary(); ++id) {
      names.push_back(id < kFirstByteId ? tokenizer->TokenText(id) : std::string(tokenizer->TokenBytes(id)));
    }
    std::vector<LatticeToken> entries;
    for (uint32_t id = 0; id < names.size(); ++id) {
      entries.push_back({.bytes = names[id], .count = counts[id], .special = id < kFirstByteId});
    }
    const TokenLattice expected = TokenLattice::Build(entries);
    EXPECT_TRUE(std::ranges::equal(tokenizer->lattice().codes(), expected.codes()));
    EXPECT_TRUE(std::ranges::equal(tokenizer->lattice().roots(), expected.roots()));
    EXPECT_TRUE(std::ranges::equal(tokenizer->lattice().suffixes(), expected.suffixes()));
    EXPECT_EQ(expected.suffixes().empty(), vocabulary == kByteVocabulary);
  }
}

TEST(TokenizerTrainer, BytesAreTheByteTokenizerWithCounts) {
  const std::vector<std::string_view> documents = {"zzzz a\n"};
  const Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = kByteVocabulary}, DocumentSource(documents), 1);
  ASSERT_TRUE(tokenizer.ok());
  EXPECT_EQ(tokenizer->name(), "bytes");
  EXPECT_EQ(tokenizer->lattice().rank(kFirstByteId + 'z'), 1u);
  EXPECT_EQ(tokenizer->lattice().rank(kFirstByteId + 'Z'), 1u);
  EXPECT_EQ(tokenizer->Encode("hello"), Tokenizer::Bytes().Encode("hello"));
}

TEST(TokenizerTrainer, ErrorsComeBack) {
  const std::vector<std::string_view> documents = {"a small text, a small text"};
  const Result<Tokenizer> large = TrainTokenizer({.vocabulary = 5000}, DocumentSource(documents), 2);
  ASSERT_FALSE(large.ok());
  EXPECT_EQ(large.status().code(), Code::kBadInput);
  EXPECT_THAT(large.status().message(), HasSubstr("bpe:5000 is more than the text supports"));
  const TextSource broken = [](const TextVisitor&) { return BadInput("gone"); };
  for (const size_t vocabulary : {kByteVocabulary, size_t{300}}) {
    EXPECT_EQ(TrainTokenizer({.vocabulary = vocabulary}, broken, 1).status().message(), "gone");
  }
}

}  // namespace
}  // namespace cllm
