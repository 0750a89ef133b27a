#include "app/suggestion.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(EditDistance, CountsInsertionsDeletionsReplacementsAndExchanges) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("train", "train"), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", ""), 3u);
  EXPECT_EQ(EditDistance("trian", "train"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(EditDistance("ca", "abc"), 3u);  // optimal string alignment; with unrestricted exchanges it would be 2
}

TEST(Suggestion, NamesTheNearest_OrNothing) {
  const std::vector<std::string> names = {"train", "resume", "tokenize", "--threads", "--heads"};
  EXPECT_EQ(Suggestion("trian", names), "; did you mean train?");
  EXPECT_EQ(Suggestion("--thread", names), "; did you mean --threads?");
  EXPECT_EQ(Suggestion("tok", names), "; did you mean tokenize?");
  EXPECT_EQ(Suggestion("xyz", names), "");
  EXPECT_EQ(Suggestion("", names), "");
  EXPECT_EQ(Suggestion("trian", {}), "");
}

}  // namespace
}  // namespace cllm
