#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "program.h"
#include "reading_fixture.h"

// The same text twice, and documents that another program has to convert: what is told of them.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

class Duplicates : public ReadingFixture {};

TEST_F(Duplicates, SameFileByOtherNames_IsToldAndReadOnce) {
  box_.Write("a.txt", Text(3000));
  std::filesystem::create_symlink("a.txt", box_.path("link.txt"));
  std::filesystem::create_hard_link(box_.path("a.txt"), box_.path("hard.txt"));
  for (const std::string other : {"link.txt", "hard.txt", "./a.txt"}) {
    const Outcome outcome = Train({"a.txt", other});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("1 file read, 3,000 bytes"), HasSubstr("second name")));
  }
}

TEST_F(Duplicates, CopiesAndValidationOnTheText_AreToldOnce) {
  box_.Write("a.txt", Text(3000));
  box_.Write("b.txt", Text(3000));
  const Outcome copies = Train({"a.txt", "b.txt"});
  ASSERT_EQ(copies.exit_code, 0) << copies.err;
  EXPECT_THAT(copies.err, HasSubstr("b.txt as in a.txt"));
  for (const std::string validation : {"a.txt", "b.txt"}) {
    const Outcome outcome = Train({"a.txt"}, {"--val", validation});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(validation + " stands in the text to train on"));
    EXPECT_EQ(outcome.err.find("stands in"), outcome.err.rfind("stands in"));
  }
}

// What is compared is the text, not the file: the same in another encoding, or compressed, is a copy.
TEST_F(Duplicates, OtherFormsOfTheSameText_AreCopies) {
  box_.Write("d/a.txt", Text(3000));
  box_.Write("d/marked.txt", "\xEF\xBB\xBF" + Text(3000));
  ASSERT_EQ(std::system(("gzip -c " + box_.path("d/a.txt") + " > " + box_.path("d/b.txt.gz")).c_str()), 0);
  box_.Write("d/c.jsonl", "{\"text\": \"" + std::string(50, 'x') + "\"}\n");
  box_.Write("d/d.txt", std::string(50, 'x'));
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("3 files are copies of others (d/b.txt.gz as in d/a.txt"),
                                 HasSubstr("d/d.txt as in d/c.jsonl"), HasSubstr("d/marked.txt as in d/a.txt"),
                                 HasSubstr("; 6,050 bytes)")));
}

TEST_F(Duplicates, ManyCopies_AreCounted_AndFewNamed) {
  for (int i = 100; i < 160; ++i) box_.Write("d/" + std::to_string(i) + ".txt", Text(3000));
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("59 files are copies of others (d/101.txt as in d/100.txt, d/102.txt as in "
                                           "d/100.txt, d/103.txt as in d/100.txt and 56 more; 177,000 bytes)"),
                                 Not(HasSubstr("d/110.txt"))));
}

// Not a copy: another text of the same length, and texts without a byte.
TEST_F(Duplicates, OtherTexts_AreNotTold) {
  std::string other = Text(3000);
  other[1500] = other[1500] == 'x' ? 'y' : 'x';
  box_.Write("d/a.txt", Text(3000));
  box_.Write("d/b.txt", other);
  box_.Write("d/c.txt", Text(2999));
  box_.Write("d/empty1.txt", "");
  box_.Write("d/empty2.txt", "");
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, Not(HasSubstr("cop")));
}

TEST_F(Duplicates, LinksInAFolder_AreSecondNames) {
  box_.Write("d/a.txt", Text(3000));
  box_.Write("outside.txt", Text(2000));
  std::filesystem::create_hard_link(box_.path("d/a.txt"), box_.path("d/hard.txt"));
  std::filesystem::create_symlink("a.txt", box_.path("d/soft.txt"));
  std::filesystem::create_symlink(box_.path("outside.txt"), box_.path("d/to_outside.txt"));
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("2 files read, 5,000 bytes"), HasSubstr("2 second names of files")));
  EXPECT_THAT(Train({"d", "outside.txt"}).err, HasSubstr("2 files read, 5,000 bytes"));
}

TEST_F(Duplicates, ValidationInsideTheFolder_IsToldOnce_UnlessItIsLeftOut) {
  box_.Write("d/a.txt", Text(3000));
  box_.Write("d/held.txt", Text(1000) + "held back");
  const Outcome inside = Train({"d"}, {"--val", "d/held.txt"});
  ASSERT_EQ(inside.exit_code, 0) << inside.err;
  EXPECT_EQ(Count(inside.err, "d/held.txt stands in the text to train on"), 1u) << inside.err;
  const Outcome without = Train({"d"}, {"--val", "d/held.txt", "--exclude", "held.txt"});
  ASSERT_EQ(without.exit_code, 0) << without.err;
  EXPECT_THAT(without.err, Not(HasSubstr("stands in the text")));
  const Outcome all = Train({"d"}, {"--val", "d"});
  EXPECT_EQ(Count(all.err, "d/a.txt and d/held.txt stand in the text to train on"), 1u) << all.err;
}

// ---- Documents of other programs

class Documents : public ReadingFixture {
 protected:
  // What a named file is refused with.
  std::string Refusal(const std::string& name, const std::string& content) {
    const Outcome outcome = Train({box_.Write(name, content)});
    EXPECT_EQ(outcome.exit_code, kBadInput) << name << ": " << outcome.err;
    return outcome.err;
  }
};

const std::string kZip = "PK\x03\x04 and so on", kPdf = "%PDF-1.4\n and so on";

TEST_F(Documents, Named_AreRefusedWithTheirCommand_WhateverTheCase) {
  EXPECT_THAT(Refusal("a.DOCX", kZip), HasSubstr("a.DOCX -o "));
  EXPECT_THAT(Refusal("b.Odt", kZip), AllOf(HasSubstr("an OpenDocument text"), HasSubstr("pandoc -t plain")));
  EXPECT_THAT(Refusal("c.PDF", kPdf), AllOf(HasSubstr("a PDF document"), HasSubstr("pdftotext ")));
  EXPECT_THAT(Refusal("my text.pdf", kPdf), HasSubstr("/my text.pdf'"));
}

// The content decides: a name may lie.
TEST_F(Documents, WithALyingName_AreWhatTheirContentSays) {
  EXPECT_THAT(Refusal("pdf.txt", kPdf), HasSubstr("is a PDF document"));
  EXPECT_THAT(Refusal("pdf.docx", kPdf), HasSubstr("is a PDF document"));
  EXPECT_THAT(Refusal("rich.doc", "{\\rtf1 text}"), HasSubstr("is a rich text document"));
  EXPECT_THAT(Refusal("zip.txt", kZip + std::string(50, '\0')), HasSubstr("binary"));
  for (const std::string name : {"text.pdf", "text.docx", "text.odt"}) {
    const Outcome outcome = Train({box_.Write(name, Text(3000))});
    EXPECT_EQ(outcome.exit_code, 0) << name << ": " << outcome.err;
  }
}

TEST_F(Documents, InAFolder_AreLeftOut_WithOneCommandOfEachKind) {
  box_.Write("d/a.txt", Text(3000));
  for (const std::string name : {"b.docx", "c.DOCX", "d.docx"}) box_.Write("d/" + name, kZip);
  box_.Write("d/e.pdf", kPdf);
  box_.Write("d/f.odt", kZip);
  const Outcome outcome = Train({"d"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("1 file read, 3,000 bytes"), HasSubstr("5 documents to be converted first"),
                                 HasSubstr("`pdftotext d/e.pdf d/e.txt`")));
  EXPECT_EQ(Count(outcome.err, "`pandoc "), 2u) << outcome.err;
}

TEST_F(Documents, OneAndOtherFaults_StandInOneMessage) {
  box_.Write("a.docx", kZip);
  box_.Write("b.bin", Binary());
  const Outcome outcome = Train({"a.docx", "b.bin", "missing.txt"});
  EXPECT_EQ(outcome.exit_code, kBadInput);
  EXPECT_EQ(Count(outcome.err, "\n"), 1u) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("3 of the texts cannot be read"), HasSubstr("a.docx"), HasSubstr("b.bin"),
                                 HasSubstr("missing.txt")));
}

}  // namespace
}  // namespace cllm::testing
