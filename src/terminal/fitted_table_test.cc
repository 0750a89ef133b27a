#include "terminal/fitted_table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "terminal/text_width.h"

namespace cllm {
namespace {

const TableRows kRows = {{"run", "text", "steps", "bits", "disk"},
                         {"runs/a", "book.txt", "12/2000", "2.1", "1.0 MiB"},
                         {"runs/of/a/long/name-17", "a/rather/long/name.txt", "5/5", "1.75", "22.5 MiB"}};
const std::vector<ColumnRule> kRules = {{.least = 8}, {.least = 8}, {.drop = 2}, {}, {.drop = 1}};

size_t Widest(const std::string& table) {
  std::istringstream lines(table);
  size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, ColumnsOf(line));
  return widest;
}

TEST(FittedTable, WithRoom_IsWhole) {
  const std::string whole =
      "run                     text                    steps    bits  disk\n"
      "runs/a                  book.txt                12/2000  2.1   1.0 MiB\n"
      "runs/of/a/long/name-17  a/rather/long/name.txt  5/5      1.75  22.5 MiB\n";
  EXPECT_EQ(TableWidth(kRows), 71u);
  EXPECT_EQ(FitTable(kRows, kRules, 0), whole);
  EXPECT_EQ(FitTable(kRows, kRules, 71), whole);
}

TEST(FittedTable, TooWide_ShortensFirst_ThenLeavesOut_NamesLast) {
  EXPECT_EQ(FitTable(kRows, kRules, 60),
            "run                     text         steps    bits  disk\n"
            "runs/a                  book.txt     12/2000  2.1   1.0 MiB\n"
            "runs/of/a/long/name-17  a/rather...  5/5      1.75  22.5 MiB\n");
  EXPECT_EQ(FitTable(kRows, kRules, 50),
            "run                     text         steps    bits\n"
            "runs/a                  book.txt     12/2000  2.1\n"
            "runs/of/a/long/name-17  a/rather...  5/5      1.75\n");
  EXPECT_EQ(FitTable(kRows, kRules, 39),
            "run                  text          bits\n"
            "runs/a               book.txt      2.1\n"
            "...f/a/long/name-17  a/rather/...  1.75\n");
  EXPECT_EQ(FitTable(kRows, kRules, 32),
            "run               text      bits\n"
            "runs/a            book.txt  2.1\n"
            ".../long/name-17  a/rat...  1.75\n");
}

TEST(FittedTable, OneLongName_DoesNotLeaveOutTheRest) {
  const TableRows rows = {{"name", "a", "b"}, {std::string(60, 'x'), "12345678", "1234"}};
  EXPECT_EQ(FitTable(rows, {{.least = 8}, {.drop = 1}, {}}, 40),
            "name                  a         b\n..." + std::string(17, 'x') + "  12345678  1234\n");
}

TEST(FittedTable, IsNeverWiderThanTheWindow_DownToItsLeast) {
  for (size_t width = 8 + 8 + 4 + 4; width < 100; ++width) EXPECT_LE(Widest(FitTable(kRows, kRules, width)), width);
}

TEST(FittedTable, WideCharacters_TakeTwoColumns) {
  const TableRows rows = {{"書籍/小説/二", "x"}, {"a", "日本語日本語"}};
  EXPECT_EQ(FitTable(rows, {{.least = 7}, {.least = 7}}, 16), ".../二   x\na        日本...\n");
}

TEST(FittedTable, EmptyCells_LeaveNoSpacesAtTheEnd) {
  EXPECT_EQ(FitTable({{"a", "b", ""}, {"", "", "c"}}, {{}, {}, {}}, 0), "a  b\n      c\n");
}

}  // namespace
}  // namespace cllm
