#include "base/shell_word.h"

#include <gtest/gtest.h>

#include <cstdio>

namespace cllm {
namespace {

TEST(QuotedForShell, PlainWord_StaysAsItIs) {
  for (const char* word : {"a/b.txt", "runs/book-1", "runs/book-1@latest", "-", "C:x=1,2+3%"}) {
    EXPECT_EQ(QuotedForShell(word), word);
  }
}

TEST(QuotedForShell, OtherWords_AreQuoted) {
  EXPECT_EQ(QuotedForShell("it's"), "'it'\\''s'");
  EXPECT_EQ(QuotedForShell("my book.txt"), "'my book.txt'");
  EXPECT_EQ(QuotedForShell("~/x"), "'~/x'");
  EXPECT_EQ(QuotedForShell("$HOME;rm"), "'$HOME;rm'");
  EXPECT_EQ(QuotedForShell("größe"), "'größe'");
  EXPECT_EQ(QuotedForShell(""), "''");
}

TEST(QuotedForShell, LeadingDash_IsNoOption) {
  EXPECT_EQ(QuotedForShell("-x.txt"), "./-x.txt");
  EXPECT_EQ(QuotedForShell("-x y"), "'./-x y'");
}

TEST(QuotedForShell, ControlCharacters_AreEscapes) {
  EXPECT_EQ(QuotedForShell("a\nb'\\"), "$'a\\012b\\'\\\\'");
  EXPECT_EQ(QuotedForShell("\x1b[2J"), "$'\\033[2J'");
}

// What a real shell makes of it.
TEST(QuotedForShell, AShell_ReadsTheWordBack) {
  for (const std::string word : {"it's", "a \"b\" `c` $d", "*?[x]{a,b}", "!h #c", "back\\slash", "ends with space "}) {
    FILE* shell = popen(("printf '<%s>' " + QuotedForShell(word)).c_str(), "r");
    ASSERT_NE(shell, nullptr);
    char read[200] = {};
    const size_t count = fread(read, 1, sizeof read - 1, shell);
    EXPECT_EQ(pclose(shell), 0);
    EXPECT_EQ(std::string(read, count), "<" + word + ">");
  }
}

}  // namespace
}  // namespace cllm
