#include "corpus/corpus_notes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace cllm {
namespace {

SourceFile File(const std::string& path, const std::string& text) {
  SourceFile file = DescribeFile(path);
  file.bytes = file.found.bytes = text.size();
  file.found.hash = HashBytes(AsBytes(text));
  return file;
}

std::vector<SourceFile> Copies(size_t count) {
  std::vector<SourceFile> files;
  for (size_t i = 0; i <= count; ++i) files.push_back(File("f" + std::to_string(i), "same"));
  return files;
}

TEST(CorpusNotes, Copies_AreCounted_AndTheFirstNamed) {
  EXPECT_TRUE(CorpusNotes(Copies(0), {}, false).empty());
  EXPECT_TRUE(
      CorpusNotes(Copies(1), {}, false).at(0).starts_with("1 file is a copy of another (f1 as in f0; 4 bytes)"));
  const std::string many = CorpusNotes(Copies(12'000), {}, false).at(0);
  EXPECT_TRUE(
      many.starts_with("12,000 files are copies of others (f1 as in f0, f2 as in f0, f3 as in f0 and 11,997 more; "
                       "48,000 bytes)"))
      << many;
}

TEST(CorpusNotes, FilesWithoutText_AreNoCopies) {
  std::vector<SourceFile> files;
  for (int i = 0; i < 3; ++i) files.push_back(File("f" + std::to_string(i), ""));
  EXPECT_TRUE(CorpusNotes(files, {}, false).empty());
}

TEST(CorpusNotes, OddBytes_AreBlamedOnTheirFiles_TheMostFirst) {
  std::vector<SourceFile> files;
  for (uint64_t i = 0; i < 6; ++i) {
    files.push_back(File("f" + std::to_string(i), "text " + std::to_string(i)));
    files.back().found.invalid_bytes = i * 1000;
  }
  const std::vector<std::string> notes = CorpusNotes(files, {}, false);
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_TRUE(notes[0].starts_with("5,000 bytes of f5, 4,000 bytes of f4, 3,000 bytes of f3 and 2 more are not valid"))
      << notes[0];
}

TEST(CorpusNotes, OneOddByte_IsTold_AsOne) {
  std::vector<SourceFile> files;
  files.push_back(File("f", "text"));
  files.back().found.invalid_bytes = 1;
  files.back().found.nul_bytes = 1;
  const std::vector<std::string> notes = CorpusNotes(files, {}, false);
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_TRUE(notes[0].starts_with("1 byte of f is not valid UTF-8; it is kept as it is")) << notes[0];
  EXPECT_EQ(notes[1], "1 byte of f is NUL; it is kept as it is");
}

TEST(SameTextNote, NamesWhatStandsInBoth) {
  const std::vector<SourceFile> training = Copies(0);
  const std::vector<SourceFile> other = [] {
    std::vector<SourceFile> files;
    files.push_back(File("v", "other"));
    return files;
  }();
  EXPECT_EQ(SameTextNote(other, training), "");
  EXPECT_TRUE(SameTextNote(training, training).starts_with("f0 stands in the text to train on"));
  EXPECT_TRUE(SameTextNote(Copies(1), training).starts_with("f0 and f1 stand in the text to train on"));
}

}  // namespace
}  // namespace cllm
