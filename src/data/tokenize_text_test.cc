#include "data/tokenize_text.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "corpus/testing/text_fixture.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

class TokenizeTextTest : public testing::Test {
 protected:
  SplitText Open(const std::string& separator = "") {
    Result<SplitText> text =
        SplitText::Open({.corpus = {.paths = {directory_ / "text"}, .separator = separator},
                         .cache_directory = directory_ / "cache"});
    EXPECT_TRUE(text.ok()) << text.status().message();
    return *std::move(text);
  }
  // The bytes of the file that the tokens of the text make.
  std::string Tokens(const SplitText& text, const PrepareOptions& options) {
    Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, directory_ / "tokens", Info());
    EXPECT_TRUE(writer.ok()) << writer.status().message();
    const Status done = TokenizeText(text, tokenizer_, options, *writer);
    EXPECT_TRUE(done.ok()) << done.message();
    EXPECT_TRUE(writer->Finish().ok());
    return ReadText(directory_ / "tokens");
  }
  TokenFileInfo Info() const {
    return {.vocabulary = tokenizer_.vocabulary(), .begin = tokenizer_.begin(), .end = tokenizer_.end(),
            .tokenizer_hash = {}, .corpus_hash = {}, .parts = {}};
  }

  TemporaryDirectory directory_;
  PosixFileSystem files_;
  const Tokenizer tokenizer_ = Tokenizer::Bytes();
};

TEST_F(TokenizeTextTest, EachDocument_IsItsTokensBetweenBeginAndEnd) {
  directory_.Write("text", "one\xFF|two|" + std::string(12, 'x') + "|v");
  (void)Tokens(Open("|"), {.threads = 2});
  const Result<TokenFile> file = TokenFile::Open(directory_ / "tokens");
  ASSERT_TRUE(file.ok()) << file.status().message();
  std::vector<std::string> documents;
  uint64_t bytes = 0, invalid = 0;
  for (const CorpusPart part : {CorpusPart::kTraining, CorpusPart::kValidation}) {
    std::vector<uint32_t> tokens(file->tokens(part).size());
    ASSERT_TRUE(file->tokens(part).Read(0, tokens).ok());
    for (size_t i = 0, begin = 0; i < tokens.size(); ++i) {
      if (tokens[i] == tokenizer_.begin()) begin = i + 1;
      if (tokens[i] != tokenizer_.end()) continue;
      documents.push_back(tokenizer_.Decode(std::span(tokens).subspan(begin, i - begin)));
    }
    bytes += file->part(part).bytes, invalid += file->part(part).invalid_bytes;
  }
  EXPECT_EQ(documents, (std::vector<std::string>{"one\xFF", "two", std::string(12, 'x'), "v"}));
  EXPECT_EQ(bytes, 20u);
  EXPECT_EQ(invalid, 1u);
}

// Larger than a batch, so that threads share groups and documents go on from one batch to the next.
TEST_F(TokenizeTextTest, Threads_DoNotMatter) {
  directory_.Write("text", SampleText(9'000'000, 7));
  const SplitText text = Open("the lattice");
  const std::string one = Tokens(text, {.threads = 1});
  EXPECT_GT(one.size(), 9'000'000u);
  EXPECT_TRUE(Tokens(text, {.threads = 3}) == one);
}

TEST_F(TokenizeTextTest, Progress_RisesToOne) {
  directory_.Write("text", SampleText(9'000'000, 8));
  std::vector<double> shares;
  (void)Tokens(Open(), {.threads = 2, .progress = [&](double share) { shares.push_back(share); }});
  ASSERT_GE(shares.size(), 3u);
  EXPECT_TRUE(std::is_sorted(shares.begin(), shares.end()));
  EXPECT_EQ(shares.back(), 1);
}

TEST_F(TokenizeTextTest, FullDisk_IsTheWritersError) {
  directory_.Write("text", SampleText(2'000'000, 9));
  const SplitText text = Open();
  FailingFileSystem full(files_);
  full.FailAt(1, FailingFileSystem::Mode::kOnce);  // the first write
  Result<TokenFileWriter> writer = TokenFileWriter::Create(full, directory_ / "tokens", Info());
  ASSERT_TRUE(writer.ok());
  ExpectError(TokenizeText(text, tokenizer_, {.threads = 2}, *writer), Code::kFailed, {"injected"});
}

TEST_F(TokenizeTextTest, TextThatChanged_IsTheTextsError) {
  directory_.Write("text", SampleText(1000, 10));
  const SplitText text = Open();
  directory_.Write("text", SampleText(1000, 11));
  Result<TokenFileWriter> writer = TokenFileWriter::Create(files_, directory_ / "tokens", Info());
  ASSERT_TRUE(writer.ok());
  ExpectError(TokenizeText(text, tokenizer_, {.threads = 1}, *writer), Code::kBadInput, {"changed"});
}

}  // namespace
}  // namespace cllm
