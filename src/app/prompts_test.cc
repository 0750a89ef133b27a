#include "app/prompts.h"

#include <gtest/gtest.h>

#include <fstream>

namespace cllm {
namespace {

using Lines = std::vector<std::string>;

TEST(LinesOf, EveryKindOfEnd) {
  EXPECT_EQ(LinesOf(""), Lines());
  EXPECT_EQ(LinesOf("\n"), Lines{""});
  EXPECT_EQ(LinesOf("a"), Lines{"a"});
  EXPECT_EQ(LinesOf("a\n"), Lines{"a"});
  EXPECT_EQ(LinesOf("one\r\ntwo\r\n"), (Lines{"one", "two"}));
  EXPECT_EQ(LinesOf("one\r\ntwo\r"), (Lines{"one", "two"}));
  EXPECT_EQ(LinesOf("a\n\n\r\nb"), (Lines{"a", "", "", "b"}));
  EXPECT_EQ(LinesOf("a\n\n"), (Lines{"a", ""}));
  EXPECT_EQ(LinesOf("a\rb\r\r\n"), (Lines{"a\rb\r"}));  // one belongs to the end
}

TEST(WithoutLastNewline, TakesOne) {
  EXPECT_EQ(WithoutLastNewline("once\n"), "once");
  EXPECT_EQ(WithoutLastNewline("once\r\n"), "once");
  EXPECT_EQ(WithoutLastNewline("once\n\n"), "once\n");
  EXPECT_EQ(WithoutLastNewline("once"), "once");
  EXPECT_EQ(WithoutLastNewline("once \r"), "once \r");
  EXPECT_EQ(WithoutLastNewline(""), "");
  EXPECT_EQ(WithoutLastNewline("\n"), "");
}

TEST(OnOneLine, CanBeReadBack) {
  EXPECT_EQ(OnOneLine("a\nb\\n\r\n\xC3\xA9\xFF"), "a\\nb\\\\n\\r\\n\xC3\xA9\xFF");
  EXPECT_EQ(OnOneLine(""), "");
}

TEST(ReadInput, Marks_AreTakenAway) {
  const std::string path = testing::TempDir() + "/prompts_test.txt";
  const auto read = [&](const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
    const Result<std::string> text = ReadInput(path);
    EXPECT_TRUE(text.ok());
    return text.ok() ? *text : "";
  };
  EXPECT_EQ(read("\xEF\xBB\xBFone\r\n"), "one\r\n");
  EXPECT_EQ(read(std::string("\xFF\xFEo\0n\0e\0", 8)), "one");
  EXPECT_EQ(read("caf\xE9"), "caf\xE9");
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(ReadInput(path + ".no").status().code(), Code::kBadInput);
}

}  // namespace
}  // namespace cllm
