#include "terminal/wrap.h"

#include <gtest/gtest.h>

#include <sstream>

#include "terminal/text_width.h"

namespace cllm {
namespace {

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_EQ(Wrap("one two three", 7, 0), "one two\nthree");
  EXPECT_EQ(Wrap("one two three", 13, 0), "one two three");
  EXPECT_EQ(Wrap("one two three", 12, 0), "one two\nthree");
  EXPECT_EQ(Wrap("", 10, 2), "");
}

TEST(Wrap, LaterLinesAreIndented_TheFirstBeginsThere) {
  EXPECT_EQ(Wrap("one two three", 9, 2), "one two\n  three");
  EXPECT_EQ(Wrap("one\ntwo\n\nthree", 9, 2), "one\n  two\n\n  three");
}

TEST(Wrap, ALongWord_HasALineOfItsOwn) {
  EXPECT_EQ(Wrap("a /very/long/path/of/a/file b", 10, 0), "a\n/very/long/path/of/a/file\nb");
}

TEST(Wrap, ACommandInBackquotes_StaysWhole) {
  EXPECT_EQ(Wrap("convert it: `pandoc -t plain 'a b.docx'` now", 20, 0),
            "convert it:\n`pandoc -t plain 'a b.docx'`\nnow");
  EXPECT_EQ(Wrap("a lone ` is a word like others", 12, 0), "a lone ` is\na word like\nothers");
}

TEST(Wrap, CountsColumnsNotBytes) {
  EXPECT_EQ(Wrap("größe größe größe", 11, 0), "größe größe\ngröße");
  EXPECT_EQ(Wrap("日本 日本 日本", 9, 0), "日本 日本\n日本");
  EXPECT_EQ(Wrap("e\xCC\x81 e\xCC\x81 e\xCC\x81", 3, 0), "e\xCC\x81 e\xCC\x81\ne\xCC\x81");
}

TEST(Wrap, ControlBytes_DoNothingToATerminal) {
  EXPECT_EQ(Wrap("a \x1B[31mred\x07 name", 80, 0), "a \xEF\xBF\xBD[31mred\xEF\xBF\xBD name");
  EXPECT_EQ(Wrap("latin\xE9.txt", 80, 0), "latin\xEF\xBF\xBD.txt");
  EXPECT_EQ(Wrap("a \x1B[31mred", 0, 0), "a \x1B[31mred");
}

TEST(Wrap, WithoutALimit_ChangesNothing) { EXPECT_EQ(Wrap("one  two three", 0, 2), "one  two three"); }

constexpr char kPage[] =
    "Trains a language model on a text that somebody names.\n\n"
    "Options:\n"
    "  -h,--help                       print this help message and leave the program\n"
    "  --a-flag-of-many-words NUMBER in [1 - 1048576]\n"
    "                                  tokens from one context to the next\n"
    "  --batch N                       sequences a step, planned by default from text and time\n\n"
    "Example:\n"
    "  cllm train book.txt --time 10m --tokenizer bpe:4096 --layers 8\n";

TEST(WrapPage, SecondColumns_StayColumns) {
  const std::string page = WrapPage(kPage, 60);
  EXPECT_NE(page.find("  -h,--help                       print this help message\n"
                      "                                  and leave the program\n"),
            std::string::npos)
      << page;
}

TEST(WrapPage, NarrowPages_HaveItBelow) {
  const std::string page = WrapPage(kPage, 40);
  EXPECT_NE(page.find("  -h,--help\n      print this help message and leave\n      the program\n"), std::string::npos)
      << page;
}

TEST(WrapPage, NoLineIsWider_ButCommandsThatAreWhole) {
  for (size_t width = 32; width < 100; ++width) {
    std::istringstream lines(WrapPage(kPage, width));
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("  cllm ")) {
        EXPECT_EQ(line, "  cllm train book.txt --time 10m --tokenizer bpe:4096 --layers 8");
      } else {
        EXPECT_LE(ColumnsOf(line), width) << line;
      }
    }
  }
}

TEST(WrapPage, WithoutALimit_ChangesNothing) { EXPECT_EQ(WrapPage(kPage, 0), kPage); }

}  // namespace
}  // namespace cllm
