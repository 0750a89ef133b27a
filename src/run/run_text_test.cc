#include "run/run_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "base/system.h"
#include "corpus/named_path.h"
#include "run/active_run.h"
#include "run/run_config.h"
#include "run/testing/small_runs.h"
#include "text/tokenizer_file.h"
#include "train/run_state.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A run that was begun in project/, on project/book.txt, with relative names.
class RunTextTest : public SmallRuns {
 protected:
  RunTextTest() : project_(root_ / "project") {
    fs::create_directories(project_);
    fs::rename(Text(), project_ + "/book.txt");
    fs::current_path(project_);
  }
  ~RunTextTest() override { fs::current_path("/"); }

  void Train(const std::vector<std::string>& text, const std::vector<std::string>& validation = {}) {
    RunChoices choices = Tiny();
    fs::remove(root_ / "text.txt");  // Tiny writes one
    choices.text = text, choices.validation = validation;
    choices.steps = 1;
    const Result<PreparedRun> run = PrepareRun(choices, MonotonicSeconds(), notes_);
    ASSERT_TRUE(run.ok()) << run.status().message();
    Result<NewRunDirectory> made = MakeRunDirectory(files_, "runs/book-1", *run);
    ASSERT_TRUE(made.ok()) << made.status().message();
    auto active = ActiveRun::Begin(*run, *std::move(made), files_, {notes_, control_});
    ASSERT_TRUE(active.ok()) << active.status().message();
    ASSERT_TRUE((*active)->Train().ok());
    notes_.sentences.clear();
  }
  Result<PreparedCorpus> Find(const std::vector<std::string>& text = {}) {
    Result<RunChoices> choices = ReadRunChoices(run_);
    EXPECT_TRUE(choices.ok()) << choices.status().message();
    if (!text.empty()) choices->text = text;
    const Result<RunState> state = ReadState(run_ + "/latest");
    EXPECT_TRUE(state.ok()) << state.status().message();
    const Result<Tokenizer> tokenizer = LoadTokenizer(run_);
    EXPECT_TRUE(tokenizer.ok()) << tokenizer.status().message();
    return FindText({.run = run_, .choices = *choices, .hash = state->corpus_hash, .tokenizer = *tokenizer}, files_,
                    notes_);
  }
  void ExpectFound(const std::vector<std::string>& text = {}) {
    const auto found = Find(text);
    EXPECT_TRUE(found.ok()) << found.status().message();
  }
  std::vector<std::string> RecordedTexts() { return ReadRunChoices(run_)->text; }
  void ForgetTokens() { fs::remove_all(root_ / "cache"); }

  std::string project_;
  std::string run_ = project_ + "/runs/book-1";
  PosixFileSystem files_;
  RunControl control_;
};

TEST_F(RunTextTest, IsWhereItWas_FromAnyDirectory) {
  Train({"book.txt"});
  EXPECT_EQ(RecordedTexts(), std::vector<std::string>{project_ + "/./book.txt"});
  ForgetTokens();
  fs::current_path("/");
  ExpectFound();
  EXPECT_THAT(notes_.sentences, IsEmpty());
}

TEST_F(RunTextTest, FolderOfTheRunItself_FromAnyDirectory) {
  Train({"."});
  ForgetTokens();
  fs::current_path("/");
  ExpectFound();
}

TEST_F(RunTextTest, ProjectThatMoved_IsFoundBesideItsRuns_AndRemembered) {
  Train({"book.txt"});
  ForgetTokens();
  fs::rename(project_, root_ / "moved");
  fs::current_path("/");
  run_ = root_ / "moved/runs/book-1";
  ExpectFound();
  EXPECT_THAT(notes_.sentences, ElementsAre(AllOf(HasSubstr("moved/book.txt now"), HasSubstr("project/book.txt"))));
  EXPECT_EQ(RecordedTexts(), std::vector<std::string>{root_ / "moved/./book.txt"});
  notes_.sentences.clear();
  ExpectFound();
  EXPECT_THAT(notes_.sentences, IsEmpty());
}

TEST_F(RunTextTest, FolderThatMovedWithItsRuns_IsFound) {
  Train({"."});
  ForgetTokens();
  fs::rename(project_, root_ / "moved");
  fs::current_path("/");
  run_ = root_ / "moved/runs/book-1";
  ExpectFound();
}

TEST_F(RunTextTest, SeveralTextsInTheWorkingDirectory_AreFoundByTheirHash) {
  WriteText(project_ + "/held.txt", "something else to validate on, held back\n");
  Train({"book.txt"}, {"held.txt"});
  ForgetTokens();
  fs::create_directory(root_ / "elsewhere");
  fs::rename(project_ + "/book.txt", root_ / "elsewhere/book.txt");
  fs::rename(project_ + "/held.txt", root_ / "elsewhere/held.txt");
  WriteText(project_ + "/runs/book.txt", "of the same name, but another text\n");
  WriteText(project_ + "/runs/held.txt", "of the same name, but another text\n");
  fs::current_path(root_ / "elsewhere");
  ExpectFound();
  EXPECT_EQ(ReadRunChoices(run_)->validation, std::vector<std::string>{root_ / "elsewhere/./held.txt"});
}

TEST_F(RunTextTest, TextThatIsNamed_IsTakenByAnyName_AndRemembered) {
  Train({"book.txt"});
  ForgetTokens();
  fs::rename(project_ + "/book.txt", root_ / "other name");
  const std::string before = ReadText(run_ + "/config.toml");
  ExpectFound({"../other name"});
  EXPECT_EQ(RecordedTexts(), std::vector<std::string>{project_ + "/./../other name"});
  fs::current_path("/");
  ExpectFound();
  // Nothing else of the configuration has changed.
  RunChoices choices = *ReadRunChoices(run_);
  choices.text = {project_ + "/./book.txt"};
  ASSERT_TRUE(RecordText(files_, run_, choices).ok());
  const auto sorted = [](std::string text) {
    std::sort(text.begin(), text.end());
    return text;
  };
  EXPECT_EQ(sorted(ReadText(run_ + "/config.toml")), sorted(before));
}

TEST_F(RunTextTest, NamedTextThatIsAnother_IsRefused) {
  Train({"book.txt"});
  WriteText(project_ + "/another.txt", "another text\n");
  const Status status = Find({"another.txt"}).status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("another text than another.txt holds"), HasSubstr("book.txt")));
  EXPECT_EQ(RecordedTexts(), std::vector<std::string>{project_ + "/./book.txt"});
}

TEST_F(RunTextTest, TextThatIsGone_IsTakenFromTheCache_AndTold) {
  Train({"book.txt"});
  fs::remove(project_ + "/book.txt");
  ExpectFound();
  EXPECT_THAT(notes_.sentences, ElementsAre(AllOf(HasSubstr("project/book.txt"), HasSubstr("in the cache"))));
}

TEST_F(RunTextTest, TextThatIsGoneEverywhere_IsToldByName) {
  Train({"book.txt"});
  ForgetTokens();
  fs::remove(project_ + "/book.txt");
  const Status status = Find().status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("book.txt: No such file"), HasSubstr("resume " + run_ + " TEXT")));
}

TEST_F(RunTextTest, TextThatChanged_IsRefused_AlsoWhereItsTokensAreCached) {
  Train({"book.txt"});
  WriteText(project_ + "/book.txt", "rewritten\n");
  const Status status = Find().status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), AllOf(HasSubstr("another text"), HasSubstr("put it back, or name")));
}

}  // namespace
}  // namespace cllm
