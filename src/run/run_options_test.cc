#include "run/run_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

namespace cllm {
namespace {

using ::testing::HasSubstr;

TEST(RunOptions, OptionNames_AreDistinct) {
  std::set<std::string_view> names;
  for (const OptionSpec& option : RunOptions()) EXPECT_TRUE(names.insert(option.name).second) << option.name;
}

TEST(RunOptions, Dimensions_ShowTheirDefaults) {
  std::map<std::string_view, std::string_view> initial;
  for (const OptionSpec& option : RunOptions()) initial[option.name] = option.initial;
  EXPECT_EQ(initial["width"], "planned");
  EXPECT_EQ(initial["kv-heads"], "from the others");
  EXPECT_EQ(initial["head-dim"], "from the others");
  EXPECT_EQ(initial["rope-original"], "8192");
  EXPECT_EQ(initial["untied"], "false");
  EXPECT_EQ(initial["rope-base"], "10000");
  EXPECT_EQ(initial["norm-eps"], "1e-05");
}

TEST(RunOptions, Numbers_OutOfRange_NameOptionAndValue) {
  for (const OptionSpec& option : RunOptions()) {
    if (!option.bare) continue;
    RunChoices config;
    for (const char* bad : {"", "-1", "x", "nan", "1e400", "99999999999999999999999"}) {
      const Status status = option.set(config, bad);
      ASSERT_FALSE(status.ok()) << option.name << " " << bad;
      EXPECT_EQ(status.code(), Code::kUsage);
      EXPECT_THAT(status.message(), HasSubstr("`" + std::string(option.name) + "`"));
      EXPECT_THAT(status.message(), HasSubstr(bad));
    }
  }
}

}  // namespace
}  // namespace cllm
