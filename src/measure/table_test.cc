#include "measure/table.h"

#include <gtest/gtest.h>

namespace cllm::measure {
namespace {

using Kind = Column::Kind;

Table Sample() {
  Table table({{"name", "name", Kind::kText},
               {"tokens", "tokens", Kind::kWhole},
               {"rate", "rate", Kind::kReal, 2},
               {"share", "share", Kind::kShare}});
  table.Add({"short", 12345, 1.005, 0.5});
  table.Add({"much longer", 7u, 100.0, JsonValue()});
  return table;
}

TEST(Table, Text_IsAlignedWithUnitsForPeople) {
  EXPECT_EQ(Sample().Text(),
            "name         tokens    rate   share\n"
            "short        12,345    1.00  50.0 %\n"
            "much longer       7  100.00       -\n");
}

TEST(Table, Rows_AreObjectsWithTheNumbersThemselves) {
  EXPECT_EQ(WriteJson({{"rows", Sample().Rows()}}),
            R"({"rows":[{"name":"short","tokens":12345,"rate":1.005,"share":0.5},)"
            R"({"name":"much longer","tokens":7,"rate":100.0,"share":null}]})");
}

}  // namespace
}  // namespace cllm::measure
