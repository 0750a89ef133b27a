#include "app/arguments/flag_names.h"

#include <gtest/gtest.h>

namespace cllm {
namespace {

TEST(FlagNames, Options_GetTheirDashes) {
  EXPECT_EQ(WithFlags("`batch` is 'x', expected a number"), "--batch is 'x', expected a number");
  EXPECT_EQ(WithFlags("name `kv-heads` or `heads`"), "name --kv-heads or --heads");
  EXPECT_EQ(WithFlags("`stride`"), "--stride");
}

TEST(FlagNames, OtherWordsInBackquotes_Stay) {
  for (const char* sentence :
       {"see `cllm train --help`", "expected `lattice`", "a ` alone", "``", "", "`batch", "`x` `"}) {
    EXPECT_EQ(WithFlags(sentence), sentence);
  }
}

TEST(FlagNames, AfterAnotherWord_AnOptionIsStillSeen) {
  EXPECT_EQ(WithFlags("see `cllm train --help` for `steps`"), "see `cllm train --help` for --steps");
}

}  // namespace
}  // namespace cllm
