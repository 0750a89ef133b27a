#include "app/arguments/flag_names.h"

#include <gtest/gtest.h>

#include "terminal/terminal_text.h"

namespace cllm {
namespace {

TEST(FlagNames, Options_GetTheirDashes) {
  EXPECT_EQ(WithFlags("`batch` is 'x', expected a number"), "--batch is 'x', expected a number");
  EXPECT_EQ(WithFlags("name `kv-heads` or `heads`"), "name --kv-heads or --heads");
  EXPECT_EQ(WithFlags("`stride`"), "--stride");
}

TEST(FlagNames, OtherWordsInBackquotes_Stay) {
  for (const char* sentence :
       {"see `cllm`", "expected `lattice`", "`cllmtrain x`", "a ` alone", "``", "", "`batch", "`x` `"}) {
    EXPECT_EQ(WithFlags(sentence), sentence);
  }
}

TEST(FlagNames, AfterAnotherWord_AnOptionIsStillSeen) {
  EXPECT_EQ(WithFlags("see `lattice --help` for `steps`"), "see `lattice --help` for --steps");
}

TEST(FlagNames, Commands_NameTheProgramAsItWasStarted) {
  const std::string program = ProgramName();
  ASSERT_NE(program.find('/'), std::string::npos);  // this test was started by its path
  EXPECT_EQ(WithFlags("see `cllm train --help` for `steps`"), "see `" + program + " train --help` for --steps");
  EXPECT_EQ(WithFlags("`cllm runs` or `cllm runs rm`"), "`" + program + " runs` or `" + program + " runs rm`");
}

}  // namespace
}  // namespace cllm
