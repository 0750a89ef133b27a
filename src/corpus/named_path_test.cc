#include "corpus/named_path.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(NamedPath, RecordedPath_LiesWhereItWasNamed) {
  EXPECT_EQ(NamedPath::Of(RecordedPath("texts/a.txt", "/home/ann")).Located(), "/home/ann/texts/a.txt");
  EXPECT_EQ(NamedPath::Of(RecordedPath("../b.txt", "/home/ann")).Located(), "/home/ann/../b.txt");
  EXPECT_EQ(NamedPath::Of(RecordedPath(".", "/home/ann")).Located(), "/home/ann");
  EXPECT_EQ(NamedPath::Of(RecordedPath("./texts/", "/home/ann")).Located(), "/home/ann/texts");
  EXPECT_EQ(NamedPath::Of(RecordedPath("a.txt", "/")).Located(), "/a.txt");
}

TEST(NamedPath, RecordedPath_KeepsTheName) {
  const NamedPath path = NamedPath::Of(RecordedPath("src/**/*.py", "/home/[ann]"));
  EXPECT_EQ(path.base, "/home/[ann]");
  EXPECT_EQ(path.named, "src/**/*.py");
  EXPECT_EQ(std::string("/home/ann/a.txt").substr(NamedPath{"/home/ann", "a.txt"}.NameOffset()), "a.txt");
  EXPECT_EQ(std::string("/a.txt").substr(NamedPath{"/", "a.txt"}.NameOffset()), "a.txt");
}

TEST(NamedPath, WhatNeedsNoDirectory_StaysAsItIs) {
  EXPECT_EQ(RecordedPath("/data/a.txt", "/home/ann"), "/data/a.txt");
  EXPECT_EQ(RecordedPath("-", "/home/ann"), "-");
  EXPECT_EQ(RecordedPath("a.txt", ""), "a.txt");
  EXPECT_EQ(NamedPath::Of("texts/./a.txt").base, "");
  EXPECT_EQ(NamedPath::Of("/data/a.txt").NameOffset(), 0u);
}

TEST(NamedPath, WhoIsThereAgain_SeesTheName) {
  EXPECT_EQ(PathAsNamedIn("/home/ann", RecordedPath("../a.txt", "/home/ann")), "../a.txt");
  EXPECT_EQ(PathAsNamedIn("/", RecordedPath("a.txt", "/")), "a.txt");
  EXPECT_EQ(PathAsNamedIn("/home", RecordedPath("a.txt", "/home/ann")), "/home/ann/./a.txt");
  EXPECT_EQ(PathAsNamedIn("", "a.txt"), "a.txt");
}

TEST(NamedPath, RecordedTwice_IsTheSame) {
  const std::string once = RecordedPath("a.txt", "/home/ann");
  EXPECT_EQ(RecordedPath(once, "/elsewhere"), once);
}

}  // namespace
}  // namespace cllm
