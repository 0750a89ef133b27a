#include "serve/dashboard/sample_copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/testing/trained_runs.h"
#include "store/json.h"

namespace cllm {
namespace {

class SampleCopiesOfRun : public TrainedRuns {};

TEST_F(SampleCopiesOfRun, PiecesAreTheText_AndWhatIsCopiedIsMarked) {
  Train(Tiny(), "a");
  const RunRecord record = Read("a");
  const auto tokens = RunTokens::Open({.path = record.path, .name = "a", .corpus_hash = record.corpus_hash});
  ASSERT_TRUE(tokens.ok() && tokens->corpus) << tokens->missing;
  const std::string copied = "line 37 of a small text\n", own = "\xc3\xa4\xc3\xb6\xc3\xbc\xe7\x8c\xab!";
  const std::vector<std::string> texts = {own + copied + own, copied, own, ""};
  const auto found = FindSampleCopies(texts, *tokens, {});
  ASSERT_TRUE(found.ok()) << found.status().message();
  for (size_t i = 0; i < texts.size(); ++i) {
    std::string all;
    for (const SamplePiece& piece : (*found)[i].pieces) all += piece.text;
    EXPECT_EQ(all, texts[i]);
  }
  ASSERT_EQ((*found)[0].pieces.size(), 3u);
  EXPECT_EQ((*found)[0].pieces[0].copied, 0u);
  EXPECT_EQ((*found)[0].pieces[1].text, copied);
  EXPECT_EQ((*found)[0].pieces[1].copied, copied.size()) << "in tokens, which are bytes here";
  EXPECT_EQ((*found)[0].longest, copied.size());
  EXPECT_NEAR((*found)[0].share, static_cast<double>(copied.size()) / static_cast<double>(texts[0].size()), 1e-9);
  EXPECT_EQ((*found)[1].share, 1);
  EXPECT_EQ((*found)[2].share, 0);
  EXPECT_EQ((*found)[3].share, 0);
}

// Tokens may be parts of characters; JSON has none.
TEST_F(SampleCopiesOfRun, CharactersStayWhole) {
  RunChoices choices = Tiny();
  std::string text;
  for (int i = 0; i < 300; ++i) text += "\xe7\x8c\xab" + std::to_string(i % 7) + "\xe7\x8c\xac ";
  choices.text = {root_.Write("cats.txt", text)};
  Train(choices, "cats");
  const RunRecord record = Read("cats");
  const auto tokens = RunTokens::Open({.path = record.path, .name = "cats", .corpus_hash = record.corpus_hash});
  ASSERT_TRUE(tokens.ok() && tokens->corpus) << tokens->missing;
  // Begins and ends in the middle of what is copied: with bytes that other characters share.
  const std::vector<std::string> texts = {"\xe7\x8c\xad" "1\xe7\x8c\xac \xe7\x8c\xab" "2\xe7\x8c\xac \xe7\x8c\xaa"};
  const auto found = FindSampleCopies(texts, *tokens, {});
  ASSERT_TRUE(found.ok());
  EXPECT_GT((*found)[0].longest, 8u);
  for (const SamplePiece& piece : (*found)[0].pieces) {
    const std::string json = WriteJson({{"text", piece.text}});
    EXPECT_EQ(json.find("\xef\xbf\xbd"), json.npos) << json;
  }
}

// A cache may be emptied and filled again while the dashboard goes on.
TEST_F(SampleCopiesOfRun, TokensThatComeLater_AreFound) {
  Train(Tiny(), "a");
  const RunRecord record = Read("a");
  const RunSource other{.path = record.path, .name = "a", .corpus_hash = std::string(32, '0')};
  auto tokens = RunTokens::Open(other);
  ASSERT_TRUE(tokens.ok());
  EXPECT_FALSE(tokens->corpus.has_value());
  EXPECT_FALSE(tokens->LookAgain(other));
  EXPECT_NE(tokens->missing, "");
  EXPECT_TRUE(tokens->LookAgain({.path = record.path, .name = "a", .corpus_hash = record.corpus_hash}));
  EXPECT_TRUE(tokens->corpus.has_value());
  EXPECT_EQ(tokens->missing, "");
}

}  // namespace
}  // namespace cllm
