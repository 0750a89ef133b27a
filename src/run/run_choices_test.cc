#include "run/run_choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using ::testing::HasSubstr;

void ExpectRefused(const RunChoices& choices, const std::string& sentence) {
  const Status status = CheckChoices(choices);
  EXPECT_EQ(status.code(), Code::kUsage);
  EXPECT_THAT(status.message(), HasSubstr(sentence));
}

TEST(RunChoices, NoneMade_IsNoContradiction) { EXPECT_TRUE(CheckChoices({}).ok()); }

TEST(RunChoices, Contradictions_NameBothOptions) {
  RunChoices choices;
  choices.item = 9, choices.batch = 4;
  ExpectRefused(choices, "`item` 9 is more than `batch` 4");
  choices = {};
  choices.heads = 4, choices.kv_heads = 3;
  ExpectRefused(choices, "`kv-heads` 3 does not divide `heads` 4");
  choices = {};
  choices.head_dim = 7;
  ExpectRefused(choices, "`head-dim` is 7, expected an even number");
  choices = {};
  choices.heads = 2, choices.width = 10;
  ExpectRefused(choices, "`width` 10 over `heads` 2 gives a head size of 5");
  choices.heads = 3;
  ExpectRefused(choices, "`heads` 3 does not divide `width` 10");
  choices.head_dim = 4;
  EXPECT_TRUE(CheckChoices(choices).ok()) << "a named head dimension needs no width that the heads divide";
}

TEST(RunChoices, InputStreamNamedTwice_IsRefused) {
  RunChoices choices;
  choices.text = {"a.txt", "-"}, choices.validation = {"-"};
  ExpectRefused(choices, "standard input (-) is named more than once");
}

}  // namespace
}  // namespace cllm
