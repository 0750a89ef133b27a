#include "text/tokenizer_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/path.h"
#include "base/random.h"
#include "base/testing/source_directory.h"
#include "base/testing/temporary_directory.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view kProse =
    "walk walks walked walking walker talk talks talked talking talker the The THE then there they're don't 1234 naïve "
    "walk walks walked walking walker talk talks talked talking talker the The THE then there they're don't 1234 naïve";

Tokenizer Trained() {
  const std::vector<std::string_view> documents = {kProse};
  Result<Tokenizer> tokenizer = TrainTokenizer({.vocabulary = 300}, DocumentSource(documents), 1);
  CHECK(tokenizer.ok());
  return *std::move(tokenizer);
}

std::string WithReplaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  CHECK(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(TokenizerFile, SavedTokenizerIsTheSame) {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  for (const Tokenizer& tokenizer : {Tokenizer::Bytes(), Trained()}) {
    ASSERT_TRUE(SaveTokenizer(tokenizer, files, directory.path()).ok());
    const Result<Tokenizer> loaded = LoadTokenizer(directory.path());
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();
    EXPECT_EQ(loaded->hash(), tokenizer.hash());
    EXPECT_EQ(loaded->name(), tokenizer.name());
    EXPECT_EQ(loaded->Encode(kProse), tokenizer.Encode(kProse));
    EXPECT_EQ(TokenizerJson(*loaded), TokenizerJson(tokenizer));
    EXPECT_EQ(LatticeJson(*loaded), LatticeJson(tokenizer));
  }
}

TEST(TokenizerFile, MissingFilesAreNamed) {
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const Tokenizer tokenizer = Tokenizer::Bytes();
  EXPECT_THAT(LoadTokenizer(directory.path()).status().message(), HasSubstr("tokenizer.json"));
  ASSERT_TRUE(SaveTokenizer(tokenizer, files, directory.path()).ok());
  ASSERT_TRUE(files.Remove(JoinPath(directory.path(), kLatticeFileName)).ok());
  const Status status = LoadTokenizer(directory.path()).status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("lattice.json"));
}

TEST(TokenizerFile, TextIsInTheFormOfOthersReaders) {
  const std::string json = TokenizerJson(Trained());
  EXPECT_THAT(json, StartsWith("{\n  \"version\": \"1.0\",\n  \"truncation\": null"));
  EXPECT_THAT(json, HasSubstr("\"Ġ\": 35"));
  EXPECT_THAT(json, HasSubstr("\"a l\""));
  EXPECT_THAT(json, HasSubstr("\"content\": \"</s>\""));
}

// Merges as pairs, ids in another order, and fields a reader may leave out.
TEST(TokenizerFile, BothFormsOfMergesAreRead) {
  const Tokenizer tokenizer = Trained();
  std::string json = TokenizerJson(tokenizer);
  const size_t merges = json.find("\"merges\"");
  for (size_t at = json.find('"', json.find('[', merges)); at != std::string::npos; at = json.find('"', at)) {
    const size_t space = json.find(' ', at), end = json.find('"', at + 1);
    const std::string pair =
        "[\"" + json.substr(at + 1, space - at - 1) + "\",\"" + json.substr(space + 1, end - space - 1) + "\"]";
    json.replace(at, end - at + 1, pair);
    at += pair.size();
  }
  json = WithReplaced(json, "    \"ignore_merges\": false,\n", "");
  const Result<Tokenizer> loaded = ParseTokenizer(json, LatticeJson(tokenizer), "here");
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_EQ(loaded->hash(), tokenizer.hash());
}

TEST(TokenizerFile, AnyOrderOfIdsIsRead) {
  const Tokenizer tokenizer = Trained();
  std::string json = TokenizerJson(tokenizer), lattice = LatticeJson(tokenizer);
  const auto swap = [&](const std::string& text, uint32_t from, uint32_t to) {
    json = WithReplaced(json, "\"" + text + "\": " + std::to_string(from), "\"" + text + "\": " + std::to_string(to));
  };
  const std::string a = tokenizer.TokenText(100), b = tokenizer.TokenText(280);
  swap(a, 100, 280);
  swap(b, 280, 100);
  const Result<Tokenizer> loaded = ParseTokenizer(json, lattice, "here");
  ASSERT_TRUE(loaded.ok()) << loaded.status().message();
  EXPECT_NE(loaded->hash(), tokenizer.hash());
  std::vector<uint32_t> expected = tokenizer.Encode(kProse);
  for (uint32_t& id : expected) id = id == 100 ? 280 : id == 280 ? 100 : id;
  EXPECT_EQ(loaded->Encode(kProse), expected);
}

TEST(TokenizerFile, EveryTruncationIsAnError) {
  const Tokenizer tokenizer = Trained();
  const std::string json = TokenizerJson(tokenizer), lattice = LatticeJson(tokenizer);
  for (size_t size = 0; size + 2 < json.size(); size += CLLM_SWEEP_DIVISOR + RandomBits(1, size) % 23) {
    const Result<Tokenizer> loaded = ParseTokenizer(json.substr(0, size), lattice, "here");
    ASSERT_FALSE(loaded.ok()) << size;
    ASSERT_EQ(loaded.status().code(), Code::kBadInput);
    ASSERT_THAT(loaded.status().message(), HasSubstr("here/tokenizer.json")) << size;
  }
  for (size_t size = 0; size + 2 < lattice.size(); size += CLLM_SWEEP_DIVISOR + RandomBits(2, size) % 23) {
    const Result<Tokenizer> loaded = ParseTokenizer(json, lattice.substr(0, size), "here");
    ASSERT_FALSE(loaded.ok()) << size;
    ASSERT_EQ(loaded.status().code(), Code::kBadInput);
    ASSERT_THAT(loaded.status().message(), HasSubstr("here/lattice.json")) << size;
  }
}

// A changed byte gives an error or another consistent tokenizer that still returns every text.
TEST(TokenizerFile, ChangedBytesDoNoHarm) {
  const Tokenizer tokenizer = Trained();
  const std::string json = TokenizerJson(tokenizer), lattice = LatticeJson(tokenizer);
  size_t errors = 0;
  for (uint64_t i = 0; i < 1500 / CLLM_SWEEP_DIVISOR; ++i) {
    std::string changed_json = json, changed_lattice = lattice;
    std::string& changed = i % 3 == 0 ? changed_lattice : changed_json;
    const uint64_t bits = RandomBits(5, i);
    changed[bits % changed.size()] = "0919{}[]\",:- ae\xff"[(bits >> 32) % 16];
    const Result<Tokenizer> loaded = ParseTokenizer(changed_json, changed_lattice, "here");
    if (loaded.ok()) {
      ASSERT_EQ(loaded->Decode(loaded->Encode(kProse)), kProse);
    } else {
      ASSERT_EQ(loaded.status().code(), Code::kBadInput);
      ++errors;
    }
  }
  EXPECT_GT(errors, 500u / CLLM_SWEEP_DIVISOR);
}

struct FaultCase {
  const char* from;
  const char* to;
  const char* message;
};

TEST(TokenizerFile, FaultsOfTheVocabularyAreNamed) {
  const Tokenizer tokenizer = Trained();
  const std::string json = TokenizerJson(tokenizer), lattice = LatticeJson(tokenizer);
  const FaultCase cases[] = {
      {"\"version\": \"1.0\"", "\"version\": \"2.0\"", "expected \"1.0\""},
      {"\"normalizer\": null", "\"normalizer\": {\"type\": \"NFKC\"}", "normalizer"},
      {"\"type\": \"ByteLevel\"", "\"type\": \"Metaspace\"", "expected ByteLevel"},
      {"\"add_prefix_space\": false", "\"add_prefix_space\": true", "add_prefix_space"},
      {"\"use_regex\": true", "\"use_regex\": false", "use_regex"},
      {"\"type\": \"BPE\"", "\"type\": \"Unigram\"", "expected BPE"},
      {"\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback"},
      {"\"ignore_merges\": false", "\"ignore_merges\": 1", "ignore_merges"},
      {"\"end_of_word_suffix\": null", "\"end_of_word_suffix\": \"</w>\"", "end_of_word_suffix"},
      {"\"a\": 100", "\"a\": 101", "the id 101 belongs to"},
      {"\"a\": 100", "\"a\": 100, \"a\": 100", "here/tokenizer.json"},
      {"\"a\": 100", "\"a\": 299", "the id 299 belongs to"},
      {"\"a\": 100", "\"a\": 300", "no token has the id 100"},
      {"\"a\": 100", "\"a\": -1", "not a whole number"},
      {"\"a\": 100", "\"a\": 100.5", "not a whole number"},
      {"\"a\": 100", "\"a\": \"100\"", "not a whole number"},
      {"\"a\": 100", "\"a\": 4294967396", "not a whole number below"},
      {"\"a\": 100", "\"a\": 18446744073709551616", "not a whole number"},
      {"\"a\": 100", "\"\": 100", "empty"},
      {"\"ą\": 8", "\"€\": 8", "byte alphabet"},
      {"\"ą\": 8", "\"zzzz\": 8", "byte 0x05 has no token"},
      {"\"id\": 2,", "\"id\": 5,", "has the ids 2 and 5"},
      {"\"content\": \"</s>\"", "\"content\": \"<pad>\"", "<pad>"},
      {"\"content\": \"</s>\"", "\"content\": \"<s>\"", "has the ids 1 and 2"},
      {"\"content\": \"</s>\"", "\"content\": 7", "no content"},
      {"\"a l\"", "\"al\"", "neither"},
      {"\"a l\"", "\" al\"", "neither"},
      {"\"a l\"", "7", "neither"},
      {"\"a l\"", "[\"a\"]", "neither"},
      {"\"a l\"", "[\"a\", \"l\", \"l\"]", "neither"},
      {"\"a l\"", "\"a zzzz\"", "not in vocab"},
      {"\"a l\"", "\"z z\"", "\"zz\", which is not in vocab"},
      {"\"a l\"", "\"a l\", \"a l\"", "is there twice"},
      {"\"merges\": [", "\"other\": [", "merges"},
      {"\"vocab\": {", "\"other\": {", "vocab"},
  };
  for (const FaultCase& fault : cases) {
    const Result<Tokenizer> loaded = ParseTokenizer(WithReplaced(json, fault.from, fault.to), lattice, "here");
    ASSERT_FALSE(loaded.ok()) << fault.to;
    EXPECT_EQ(loaded.status().code(), Code::kBadInput);
    EXPECT_THAT(loaded.status().message(), StartsWith("here/tokenizer.json")) << fault.to;
    EXPECT_THAT(loaded.status().message(), HasSubstr(fault.message)) << fault.to;
  }
}

TEST(TokenizerFile, FaultsOfTheLatticeAreNamed) {
  const Tokenizer tokenizer = Trained();
  const std::string json = TokenizerJson(tokenizer), lattice = LatticeJson(tokenizer);
  const FaultCase cases[] = {
      {"\"format\":1", "\"format\":3", "format"},
      {"\"format\":1", "\"format\":2,\"special\":7", "special"},
      {"\"format\":1", "\"format\":2,\"special\":{\"unknown\":0,\"begin\":1,\"end\":4294967298,\"adds_begin\":true}",
       "special.end"},
      {"\"format\":1", "\"format\":2,\"special\":{\"unknown\":0,\"begin\":1,\"end\":5,\"adds_begin\":true}",
       "no special token"},
      {"\"format\":1", "\"form\":1", "format"},
      {"\"codes\":[", "\"codes\":[-1,", "not a whole number"},
      {"\"codes\":[", "\"codes\":[6,", "the code 6 of token 0"},
      {"\"codes\":[", "\"codes\":[107,", "301 lattice codes for 300 tokens"},
      {"\"codes\":[", "\"codes\":[[107],", "not a whole number"},
      {"\"codes\":[", "\"code\":[", "codes"},
      {"\"suffixes\":[", "\"suffixes\":[{\"suffix\":\"q\",\"prime\":11}", "suffix 0 is not"},
      {"\"suffixes\":[", "\"suffixes\":[7", "suffix 0 is not"},
      {"\"roots\":[", "\"roots\":[7,", "not a string"},
      {"\"roots\":[", "\"roots\":[\" \",", "byte alphabet"},
  };
  for (const FaultCase& fault : cases) {
    const Result<Tokenizer> loaded = ParseTokenizer(json, WithReplaced(lattice, fault.from, fault.to), "here");
    ASSERT_FALSE(loaded.ok()) << fault.to;
    EXPECT_EQ(loaded.status().code(), Code::kBadInput);
    EXPECT_THAT(loaded.status().message(), HasSubstr("here/")) << fault.to;
    EXPECT_THAT(loaded.status().message(), HasSubstr(fault.message)) << fault.to;
  }
}

// The experiment's control: codes change places among tokens with equally many factors, and nothing else changes.
TEST(TokenizerFile, PermutedCodesLoad) {
  if (std::system("python3 -c ''") != 0) GTEST_SKIP() << "python3 is not installed";
  const TemporaryDirectory directory;
  PosixFileSystem files;
  const Tokenizer tokenizer = Trained();
  ASSERT_TRUE(SaveTokenizer(tokenizer, files, directory.path()).ok());
  const std::string permuted_path = JoinPath(directory.path(), "permuted");
  const std::string command =
      SourceDirectory() + "/tools/lattice/permute_codes " + directory.path() + " " + permuted_path + " --seed 3";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Result<Tokenizer> permuted = LoadTokenizer(permuted_path);
  ASSERT_TRUE(permuted.ok()) << permuted.status().message();
  EXPECT_EQ(permuted->Encode(kProse), tokenizer.Encode(kProse));
  EXPECT_NE(permuted->hash(), tokenizer.hash());
  const std::span<const uint64_t> codes = tokenizer.lattice().codes();
  EXPECT_THAT(std::vector(permuted->lattice().codes().begin(), permuted->lattice().codes().end()),
              testing::UnorderedElementsAreArray(codes.begin(), codes.end()));
  for (size_t v = 0; v < codes.size(); ++v) {
    EXPECT_EQ(permuted->lattice().Factors(v).size(), tokenizer.lattice().Factors(v).size());
  }
  EXPECT_EQ(permuted->lattice().codes()[kBeginId], codes[kBeginId]);
  EXPECT_NE(permuted->lattice().codes()[kFirstByteId + 'a'], codes[kFirstByteId + 'a']);
}

TEST(TokenizerFile, DeepNestingIsRefused) {
  const std::string deep = "{\"version\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(ParseTokenizer(deep, "{}", "here").status().code(), Code::kBadInput);
  EXPECT_EQ(ParseTokenizer(TokenizerJson(Tokenizer::Bytes()), deep, "here").status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
