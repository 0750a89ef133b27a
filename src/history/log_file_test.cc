#include "history/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class LogFileTest : public testing::Test {
 protected:
  LogFile OpenOf(std::string_view text) { return *LogFile::Open(root_.Write("log", text)); }
  std::vector<std::string> Lines(LogFile& log, uint64_t bytes = 0) {
    std::vector<std::string> lines;
    log.Read(bytes, [&](std::string_view line, uint64_t offset) {
      lines.emplace_back(line);
      EXPECT_EQ(log.At(offset, line.size()), line);
    });
    return lines;
  }
  void Append(std::string_view text) {
    std::ofstream file(path_, std::ios::binary | std::ios::app);
    file << text;
  }
  TemporaryDirectory root_;
  std::string path_ = root_ / "log";
};

TEST_F(LogFileTest, CutLine_IsToldWhenItIsWhole) {
  LogFile log = OpenOf("one\ntwo\nthr");
  EXPECT_THAT(Lines(log), ElementsAre("one", "two"));
  EXPECT_EQ(log.line_offset(), 8u);
  EXPECT_THAT(Lines(log), IsEmpty());
  Append("ee\n\nfour");
  EXPECT_THAT(Lines(log), ElementsAre("three", ""));
  Append("\n");
  EXPECT_THAT(Lines(log), ElementsAre("four"));
  EXPECT_TRUE(log.at_end());
}

TEST_F(LogFileTest, LinesOverBlocks_AreWhole) {
  std::string text;
  std::vector<std::string> expected;
  for (size_t i = 0; i < 30; ++i) {
    expected.push_back(std::string(100'000 + i, static_cast<char>('a' + i % 26)));
    text += expected.back() + "\n";
  }
  LogFile log = OpenOf(text);
  EXPECT_EQ(Lines(log), expected);
}

TEST_F(LogFileTest, LineThatIsTooLong_IsPassedOver) {
  const std::string huge(LogFile::kMaxLine + 5, 'x');
  LogFile log = OpenOf("a\n" + huge + "\nb\n");
  EXPECT_THAT(Lines(log), ElementsAre("a", "b"));
  EXPECT_EQ(log.long_lines(), 1u);
  Append(huge);
  EXPECT_THAT(Lines(log), IsEmpty());
  Append("\nc\n");
  EXPECT_THAT(Lines(log), ElementsAre("c"));
  EXPECT_EQ(log.long_lines(), 2u);
}

TEST_F(LogFileTest, GoTo_BeginsWithAWholeLine) {
  OpenOf("");
  for (const uint64_t offset : {uint64_t{4}, uint64_t{5}, uint64_t{6}}) {
    LogFile log = OpenOf("one\ntwo\nthree\n");
    log.GoTo(offset);
    if (offset == 4) {
      EXPECT_THAT(Lines(log), ElementsAre("two", "three"));
    } else {
      EXPECT_THAT(Lines(log), ElementsAre("three"));
    }
  }
}

TEST_F(LogFileTest, Look_SeesWhatBecameOfTheFile) {
  LogFile log = OpenOf("one\ntwo\n");
  Lines(log);
  EXPECT_EQ(log.Look(), LogFile::Place::kSame);
  Append("three\n");
  EXPECT_EQ(log.Look(), LogFile::Place::kSame);
  Lines(log);
  WriteText(path_, "one\n");  // in its place
  EXPECT_EQ(log.Look(), LogFile::Place::kOther);
  WriteText(path_, "another one that is longer\nthan what was there\n");
  EXPECT_EQ(log.Look(), LogFile::Place::kOther);
  std::filesystem::remove(path_);
  EXPECT_EQ(log.Look(), LogFile::Place::kGone);
}

TEST_F(LogFileTest, AnotherFileUnderTheName_IsOther_AndTheFirstCanStillBeRead) {
  LogFile log = OpenOf("one\n");
  Lines(log);
  root_.Write("log", "one\nmore\n");
  EXPECT_EQ(log.Look(), LogFile::Place::kOther);
  EXPECT_EQ(log.At(0, 3), "one");
  EXPECT_EQ(log.At(100, 5), "");
}

TEST_F(LogFileTest, Hash_DiffersWithAnyOfTheFirstBytesOfAShortLog) {
  const std::string text(500, 'x');
  const Hash128 hash = OpenOf(text).SampledHash(300);
  EXPECT_EQ(OpenOf(text + "more").SampledHash(300), hash);
  for (size_t i = 0; i < 300; i += 7) {
    std::string other = text;
    other[i] = 'y';
    EXPECT_NE(OpenOf(other).SampledHash(300), hash) << i;
  }
}

TEST_F(LogFileTest, WhatIsNoFile_IsRefused) {
  EXPECT_EQ(LogFile::Open(root_ / "nothing").status().code(), Code::kBadInput);
  EXPECT_EQ(LogFile::Open(root_.path()).status().code(), Code::kBadInput);
  ASSERT_EQ(mkfifo((root_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(LogFile::Open(root_ / "pipe").status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
