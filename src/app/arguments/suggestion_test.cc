#include "app/arguments/suggestion.h"

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

TEST(Nearest, IsNearOrNothing) {
  const std::vector<std::string> names = {"train", "resume", "tokenize", "--threads", "--heads"};
  EXPECT_EQ(Nearest("trian", names), "train");
  EXPECT_EQ(Nearest("--thread", names), "--threads");
  EXPECT_EQ(Nearest("tok", names), "tokenize");
  EXPECT_EQ(Nearest("xyz", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest("trian", {}), "");
}

}  // namespace
}  // namespace cllm
