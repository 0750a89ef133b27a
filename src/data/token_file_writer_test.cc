#include "data/token_file_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

const TokenFileInfo kInfo = {.vocabulary = 300, .begin = 1, .end = 2, .tokenizer_hash = {}, .corpus_hash = {},
                             .parts = {}};

class TokenFileWriterTest : public testing::Test {
 protected:
  TokenFileWriter Create(const std::string& name) {
    Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, directory_ / name, kInfo);
    EXPECT_TRUE(writer.ok()) << writer.status().message();
    return *std::move(writer);
  }
  size_t FilesLeft() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory_.path()), {}));
  }
  TemporaryDirectory directory_;
  PosixFileSystem files_;
};

// The size of the pieces that tokens come in does not show.
TEST_F(TokenFileWriterTest, Pieces_DoNotMatter) {
  std::vector<uint32_t> tokens;
  for (uint32_t i = 0; i < 200'000; ++i) tokens.push_back(3 + i % 297);
  std::vector<std::string> written;
  for (const size_t piece : {size_t{1}, size_t{7}, size_t{65'536}, tokens.size()}) {
    const std::string name = "of-" + std::to_string(piece);
    TokenFileWriter writer = Create(name);
    ASSERT_TRUE(writer.BeginDocument(CorpusPart::kTraining).ok());
    const std::span<const uint32_t> all(tokens);
    for (size_t i = 0; i < tokens.size(); i += piece) {
      const size_t count = std::min(piece, tokens.size() - i);
      ASSERT_TRUE(writer.Append(all.subspan(i, count), count).ok());
    }
    ASSERT_TRUE(writer.EndDocument(0).ok());
    ASSERT_TRUE(writer.Finish().ok());
    written.push_back(ReadText(directory_ / name));
  }
  for (const std::string& bytes : written) EXPECT_TRUE(bytes == written.front());
  EXPECT_TRUE(TokenFile::Open(directory_ / "of-7")->Verify().ok());
}

TEST_F(TokenFileWriterTest, NothingStandsUnderTheName_BeforeItIsFinished) {
  TokenFileWriter writer = Create("tokens");
  ASSERT_TRUE(writer.BeginDocument(CorpusPart::kValidation).ok());
  ASSERT_TRUE(writer.Append(std::vector<uint32_t>(500'000, 9), 1).ok());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "tokens"));
  ASSERT_TRUE(writer.EndDocument(0).ok());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "tokens"));
  ASSERT_TRUE(writer.Finish().ok());
  EXPECT_TRUE(std::filesystem::exists(directory_ / "tokens"));
  EXPECT_EQ(FilesLeft(), 1u);
}

TEST_F(TokenFileWriterTest, LeftUnfinished_RemovesWhatItWrote) {
  {
    TokenFileWriter writer = Create("tokens");
    for (int i = 0; i < 70'000; ++i) {  // more documents than it keeps: it has a second file
      ASSERT_TRUE(writer.BeginDocument(CorpusPart::kTraining).ok());
      ASSERT_TRUE(writer.EndDocument(0).ok());
    }
    EXPECT_EQ(FilesLeft(), 2u);
    const TokenFileWriter moved = std::move(writer);
    EXPECT_EQ(FilesLeft(), 2u) << "the one that it was moved to has them";
  }
  EXPECT_EQ(FilesLeft(), 0u);
}

TEST_F(TokenFileWriterTest, SeveralAtOnce_DoNotMeet) {
  TokenFileWriter first = Create("tokens"), second = Create("tokens");
  EXPECT_EQ(FilesLeft(), 2u);
  ASSERT_TRUE(first.BeginDocument(CorpusPart::kTraining).ok());
  ASSERT_TRUE(first.EndDocument(0).ok());
  ASSERT_TRUE(first.Finish().ok());
  ASSERT_TRUE(second.Finish().ok());
  EXPECT_EQ(TokenFile::Open(directory_ / "tokens")->part(CorpusPart::kTraining).documents, 0u) << "the last one stays";
}

TEST_F(TokenFileWriterTest, FolderThatIsNotThere_IsAnError) {
  EXPECT_EQ(TokenFileWriter::Create(files_, directory_ / "none/tokens", kInfo).status().code(), Code::kFailed);
}

TEST_F(TokenFileWriterTest, PartsOutOfOrder_AreABug) {
  TokenFileWriter writer = Create("tokens");
  ASSERT_TRUE(writer.BeginDocument(CorpusPart::kValidation).ok());
  EXPECT_DEATH((void)writer.BeginDocument(CorpusPart::kValidation).ok(), "in_document");
  ASSERT_TRUE(writer.EndDocument(0).ok());
  EXPECT_DEATH((void)writer.BeginDocument(CorpusPart::kTraining).ok(), "part");
}

}  // namespace
}  // namespace cllm
