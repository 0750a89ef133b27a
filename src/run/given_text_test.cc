#include "run/given_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "base/file.h"
#include "base/path.h"
#include "run/testing/small_runs.h"
#include "run/text_preparation.h"
#include "store/testing/failing_file_system.h"

namespace cllm {
namespace {

using ::testing::ElementsAreArray;

// The documents that are read of choices.
std::vector<std::string> DocumentsOf(const RunChoices& choices) {
  std::vector<std::string> documents(1);
  NoteKeeper notes;
  const Status read = ReadDocuments(TextOf(choices).corpus, notes, [&](const TextBlock& block) {
    documents.back() += block.text;
    if (block.ends_document) documents.emplace_back();
    return Status();
  });
  EXPECT_TRUE(read.ok()) << read.message();
  documents.pop_back();
  return documents;
}

class GivenTextTest : public SmallRuns {
 protected:
  PosixFileSystem files_;
};

TEST_F(GivenTextTest, Documents_AreReadAsTheyWereGiven) {
  const std::vector<std::vector<std::string>> cases = {
      {"one alone\n"},
      {"first", "second\n", "\nthird\n\n"},
      {"<document 0>", "a\n<document 1>\nb", "<document"},  // what looks like the separator
      {"ends like it \n<document 0", ">\nbegins like its end"},
      {"odd bytes \xff\xfe \xc3", "caf\xc3\xa9"},
      {std::string(3'000'000, 'x'), "after a long one"},
  };
  for (const std::vector<std::string>& documents : cases) {
    const Result<GivenText> given = GivenText::Write(files_, {.text = documents});
    ASSERT_TRUE(given.ok()) << given.status().message();
    RunChoices choices;
    given->NameIn(choices);
    EXPECT_THAT(DocumentsOf(choices), ElementsAreArray(documents));
  }
}

TEST_F(GivenTextTest, EmptyDocuments_AreLeftOut) {
  const std::vector<std::string> documents = {"", "one", "", "two", ""};
  const Result<GivenText> given = GivenText::Write(files_, {.text = documents});
  ASSERT_TRUE(given.ok()) << given.status().message();
  RunChoices choices;
  given->NameIn(choices);
  EXPECT_THAT(DocumentsOf(choices), ::testing::ElementsAre("one", "two"));
}

TEST_F(GivenTextTest, OneDocument_IsTheTextOfAFileWithItsContent) {
  const std::string file = Text();
  const std::vector<std::string> documents = {ReadText(file)};
  const Result<GivenText> given = GivenText::Write(files_, {.text = documents});
  ASSERT_TRUE(given.ok()) << given.status().message();
  RunChoices from_memory, from_file;
  given->NameIn(from_memory);
  from_file.text = {file};
  const auto first = OpenText(TextOf(from_memory), notes_), second = OpenText(TextOf(from_file), notes_);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->statistics().hash, second->statistics().hash);
}

TEST_F(GivenTextTest, KeptFiles_StayWhenTheTemporaryOnesAreGone) {
  const std::vector<std::string> documents = {"one", "two"}, validation = {"three", "four"};
  RunChoices choices;
  std::string temporary;
  {
    const Result<GivenText> given = GivenText::Write(files_, {.text = documents, .validation = validation});
    ASSERT_TRUE(given.ok()) << given.status().message();
    given->NameIn(choices);
    temporary = choices.text.front();
    EXPECT_TRUE(PathExists(temporary));
    EXPECT_TRUE(given->KeepIn(files_, root_.path(), choices).ok());
  }
  EXPECT_FALSE(PathExists(temporary));
  EXPECT_FALSE(PathExists(ParentPath(temporary)));
  EXPECT_THAT(DocumentsOf(choices), ElementsAreArray(documents));
  choices.text = choices.validation;
  EXPECT_THAT(DocumentsOf(choices), ElementsAreArray(validation));
}

TEST_F(GivenTextTest, FilesThatCannotBeWritten_AreAnError) {
  const std::vector<std::string> documents = {"one", "two"};
  FailingFileSystem failing(files_);
  for (uint64_t call = 1; call <= 5; ++call) {
    failing.Heal();
    failing.FailAt(call, FailingFileSystem::Mode::kOnce);
    EXPECT_EQ(GivenText::Write(failing, {.text = documents}).status().code(), Code::kFailed) << call;
  }
}

}  // namespace
}  // namespace cllm
