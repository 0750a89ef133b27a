#include "history/history_event.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cllm {
namespace {

TEST(HistoryEventKind, EachHasANameOfItsOwn_AndIsFoundByIt) {
  std::set<std::string> names;
  for (int kind = 0; kind <= static_cast<int>(HistoryEventKind::kEnd); ++kind) {
    const char* name = NameOf(static_cast<HistoryEventKind>(kind));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(EventKindNamed(name), static_cast<HistoryEventKind>(kind)) << name;
  }
}

TEST(HistoryEventKind, OtherWords_AreNone) {
  for (const char* word : {"", "step", "run_star", "run_startt", "SAMPLE", "sample "}) {
    EXPECT_FALSE(EventKindNamed(word).has_value()) << word;
  }
}

}  // namespace
}  // namespace cllm
