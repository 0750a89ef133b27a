#include "history/number_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using testing::ElementsAre;

void Add(NumberTable& table, uint64_t step, double value) {
  table.Begin(step);
  table.Set(*table.ColumnFor("a", 0), value);
}

std::vector<double> Steps(const NumberTable& table) {
  std::vector<double> steps;
  for (size_t row = 0; row < table.rows(); ++row) steps.push_back(static_cast<double>(table.Step(row)));
  return steps;
}

std::vector<double> Values(const NumberTable& table, std::string_view name) {
  std::vector<double> values;
  for (size_t row = 0; row < table.rows(); ++row) values.push_back(table.At(*table.Find(name), row));
  return values;
}

TEST(NumberTable, LaterColumn_IsMissingBefore) {
  NumberTable table;
  Add(table, 1, 10);
  table.Begin(2);
  table.Set(*table.ColumnFor("b"), 5);
  EXPECT_TRUE(IsMissing(table.At(*table.Find("a"), 1)));
  EXPECT_TRUE(IsMissing(table.At(*table.Find("b"), 0)));
  EXPECT_EQ(table.At(*table.Find("b"), 1), 5);
}

TEST(NumberTable, SameStep_TheLastOneCounts) {
  NumberTable table;
  for (const double value : {1.0, 2.0, 3.0}) Add(table, 7, value);
  EXPECT_THAT(Values(table, "a"), ElementsAre(3));
}

TEST(NumberTable, AnyOrder_IsSorted_AndTheLastOfAStepCounts) {
  NumberTable table;
  Add(table, 5, 50), Add(table, 2, 20), Add(table, 9, 90), Add(table, 2, 21), Add(table, 5, 51);
  table.Settle();
  EXPECT_THAT(Steps(table), ElementsAre(2, 5, 9));
  EXPECT_THAT(Values(table, "a"), ElementsAre(21, 51, 90));
}

TEST(NumberTable, CutAfter_RemovesLaterSteps) {
  NumberTable table;
  for (uint64_t step = 1; step <= 10; ++step) Add(table, step, 1);
  table.CutAfter(20);
  EXPECT_EQ(table.rows(), 10u);
  table.CutAfter(4);
  EXPECT_THAT(Steps(table), ElementsAre(1, 2, 3, 4));
  table.CutAfter(0);
  EXPECT_EQ(table.rows(), 0u);
}

TEST(NumberTable, MoreNames_ThanHaveRoom_AreRefused) {
  NumberTable table;
  table.Begin(1);
  for (size_t i = 0; i < NumberTable::kMaxColumns; ++i) EXPECT_TRUE(table.ColumnFor(std::to_string(i), i));
  EXPECT_FALSE(table.ColumnFor("more", 3));
  EXPECT_EQ(table.ColumnFor("3", 7), size_t{3});
}

// Rows of an index, and those that follow it.
class LentRows : public testing::Test {
 protected:
  LentRows() { table_.Lend(steps_, {"a"}, {values_}); }
  const std::vector<uint64_t> steps_ = {1, 2, 3};
  const std::vector<double> values_ = {10, 20, 30};
  NumberTable table_;
};

TEST_F(LentRows, AreGoneOnWith) {
  Add(table_, 4, 40);
  EXPECT_THAT(Steps(table_), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(Values(table_, "a"), ElementsAre(10, 20, 30, 40));
  table_.Set(*table_.ColumnFor("b"), 7);
  EXPECT_TRUE(IsMissing(table_.At(*table_.Find("b"), 1)));
}

TEST_F(LentRows, AreReplacedAndCut_AndStayAsTheyAreElsewhere) {
  Add(table_, 3, 31);
  EXPECT_THAT(Values(table_, "a"), ElementsAre(10, 20, 31));
  table_.CutAfter(1);
  Add(table_, 2, 22);
  EXPECT_THAT(Values(table_, "a"), ElementsAre(10, 22));
  EXPECT_THAT(values_, ElementsAre(10, 20, 30));
}

TEST_F(LentRows, AreSortedWithOthers) {
  Add(table_, 5, 50), Add(table_, 2, 25), Add(table_, 0, 5);
  table_.Settle();
  EXPECT_THAT(Steps(table_), ElementsAre(0, 1, 2, 3, 5));
  EXPECT_THAT(Values(table_, "a"), ElementsAre(5, 10, 25, 30, 50));
  EXPECT_EQ(table_.RowsUpTo(2), 3u);
  EXPECT_EQ(table_.RowsUpTo(4), 4u);
}

}  // namespace
}  // namespace cllm
