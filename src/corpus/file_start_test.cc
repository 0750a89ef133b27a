#include "corpus/file_start.h"

#include <gtest/gtest.h>

#include <string>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

class FileStartTest : public testing::Test {
 protected:
  StartVerdict Look(const std::string& name, const std::string& content) {
    file_ = DescribeFile(files_.Write(name, content));
    return LookAtStart(file_);
  }
  TemporaryDirectory files_;
  SourceFile file_;
};

TEST_F(FileStartTest, Text_HasNoReason) {
  for (const std::string content : {"text", "\xEF\xBB\xBFtext", "caf\xE9", "%PDA", "PKtext"}) {
    EXPECT_FALSE(Look("a.bin", content).reason) << content;
  }
}

TEST_F(FileStartTest, WhatIsNoText_HasItsReason) {
  EXPECT_EQ(Look("a.txt", "").reason, LeftOutReason::kEmpty);
  EXPECT_EQ(Look("a.txt", std::string(10, '\0')).reason, LeftOutReason::kBinary);
  EXPECT_EQ(Look("a.txt", "%PDF-1.7").reason, LeftOutReason::kNeedsConversion);
  EXPECT_EQ(Look("a.gz", "no gzip").reason, LeftOutReason::kDamaged);
  EXPECT_EQ(Look("a.epub", "no zip").reason, LeftOutReason::kDamaged);
  file_ = DescribeFile("/no/such.txt");
  EXPECT_EQ(LookAtStart(file_).reason, LeftOutReason::kUnreadable);
}

TEST_F(FileStartTest, Book_IsKnownByItsContent) {
  std::string start = "PK\x03\x04" + std::string(26, '\0') + "mimetypeapplication/epub+zip";
  start[26] = 8;  // bytes of the name
  ASSERT_FALSE(Look("book.zip", start).reason);
  EXPECT_EQ(file_.layout, TextLayout::kEpub);
}

}  // namespace
}  // namespace cllm
