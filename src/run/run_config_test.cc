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
                                                                 {"chat", "true"},
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
    // Steps that are named after a time go before it.
    const bool dropped = option.name == "time";
    const std::vector<std::string> expected = dropped ? std::vector<std::string>{} : std::vector{OtherValue(option)};
    EXPECT_EQ(option.get(again), expected) << option.name;
  }
}

class PaceInTheFile : public ::testing::Test {
 protected:
  Status Read(const std::string& text) {
    const auto entries = ParseConfig(text, "c.toml");
    EXPECT_TRUE(entries.ok());
    return ApplyEntries(*entries, "c.toml", choices_);
  }
  RunChoices choices_;
};

TEST_F(PaceInTheFile, ComesBackWithTheSameBits_WhereverItStands) {
  ASSERT_TRUE(Read("pace = [\"0:0\", \"3:0.1\", \"9:1\"]\nsteps = 9\n").ok());
  EXPECT_EQ(choices_.pace, (std::vector<Breakpoint>{{0, 0}, {3, 0.1}, {9, 1}}));
  choices_.pace[1].fraction = 1.0 / 3;
  RunChoices again;
  ASSERT_TRUE(ApplyEntries(ToEntries(choices_), "c.toml", again).ok());
  EXPECT_EQ(again.pace, choices_.pace);
}

TEST_F(PaceInTheFile, IsDroppedWhereStepsOrTimeAreNamed) {
  for (const auto& [key, value] : {std::pair("steps", "20"), std::pair("time", "90s")}) {
    choices_ = {};
    ASSERT_TRUE(Read("steps = 9\npace = [\"0:0\", \"3:0.1\", \"9:1\"]\n").ok());
    for (const OptionSpec& option : RunOptions()) {
      if (option.name == key) {
        ASSERT_TRUE(option.set(choices_, value).ok());
      }
    }
    EXPECT_TRUE(choices_.pace.empty()) << key;
  }
}

TEST_F(PaceInTheFile, ThatIsNone_IsRefusedWithTheFile) {
  for (const char* wrong : {"\"x\"", "\"3\"", "\"0:0\", \"3:2\"", "\"0:0\", \"3:0.5\", \"2:1\""}) {
    choices_ = {};
    const Status status = Read(std::string("time = \"9s\"\npace = [") + wrong + "]\n");
    EXPECT_EQ(status.code(), Code::kBadInput) << wrong;
    EXPECT_THAT(status.message(), HasSubstr("c.toml")) << wrong;
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
  const Status status = ApplyEntries({{"format", "3", ConfigKind::kBare, 1}}, "c.toml", config);
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_THAT(status.message(), HasSubstr("c.toml, line 1"));
}

}  // namespace
}  // namespace cllm
