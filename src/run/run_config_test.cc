#include "run/run_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "run/run_options.h"

namespace cllm {
namespace {

using ::testing::HasSubstr;

// A value that the option accepts and that is not its default.
std::string OtherValue(const OptionSpec& option) {
  static const std::map<std::string_view, std::string> kWords = {{"tokenizer", "bpe:1000"},
                                                                 {"time", "90s"},
                                                                 {"optimizer", "adamw"},
                                                                 {"on-divergence", "rollback"},
                                                                 {"precision", "bf16"},
                                                                 {"text", "a b.txt"},
                                                                 {"val", "v.txt"},
                                                                 {"dropout", "0.25"},
                                                                 {"lambda", "0.3"},
                                                                 {"lr", "0.0007"},
                                                                 {"embedding-lr", "0.02"},
                                                                 {"clip", "2.5"},
                                                                 {"weight-decay", "0.05"},
                                                                 {"field", "body"},
                                                                 {"separator", "<|\"end\"|>"},
                                                                 {"from", "runs/x"},
                                                                 {"head-dim", "14"},
                                                                 {"untied", "true"},
                                                                 {"rope-base", "50000.5"},
                                                                 {"norm-eps", "1e-06"}};
  const auto word = kWords.find(option.name);
  return word != kWords.end() ? word->second : "7";
}

TEST(RunConfig, EveryOption_ThroughTheFile_ComesBack) {
  RunChoices config;
  for (const OptionSpec& option : RunOptions()) ASSERT_TRUE(option.set(config, OtherValue(option)).ok()) << option.name;
  const std::string text = WriteConfig(ToEntries(config));
  const auto entries = ParseConfig(text, "config.toml");
  ASSERT_TRUE(entries.ok()) << entries.status().message();
  RunChoices again;
  const Status status = ApplyEntries(*entries, "config.toml", again);
  ASSERT_TRUE(status.ok()) << status.message();
  for (const OptionSpec& option : RunOptions()) {
    EXPECT_EQ(option.get(again), option.get(config)) << option.name;
    EXPECT_EQ(option.get(again), std::vector<std::string>{OtherValue(option)}) << option.name;
  }
}

TEST(RunConfig, UnsetChoices_AreNotWritten) {
  const std::string text = WriteConfig(ToEntries(RunChoices{}));
  EXPECT_THAT(text, HasSubstr("lambda = 0.1"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("width")));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("threads")));
}

TEST(RunConfig, File_FromANewerProgram_IsRefused) {
  RunChoices config;
  const Status status = ApplyEntries({{"format", "2", ConfigKind::kBare, 1}}, "c.toml", config);
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("c.toml, line 1"));
}

}  // namespace
}  // namespace cllm
