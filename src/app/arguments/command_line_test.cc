#include "app/arguments/command_line.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cllm {
namespace {

// A variable of the environment, for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

struct Song {
  explicit Song(const std::string& name = "sing") : line(name, "Sings.", "cllm sing a\n  cllm sing b") {
    line.AddRequiredText("SONG", song, "what");
    line.AddWhole("-n,--times", times, 1, 9, "how often [1]");
    line.AddReal("--loud", loud, 0, 1, "how loud [0.5]");
    line.AddTexts("--voice NAME", voices, "whose");
    line.AddFlag("--round", round, "again and again");
  }
  std::string Refused(const std::vector<std::string>& words) {
    const Status status = line.Parse({.words = words});
    EXPECT_EQ(status.code(), Code::kUsage);
    return status.message();
  }

  std::string song;
  uint64_t times = 1;
  double loud = 0.5;
  std::vector<std::string> voices;
  bool round = false;
  CommandLine line;
};

TEST(CommandLine, SetsItsTargets) {
  Song song;
  ASSERT_TRUE(song.line.Parse({.words = {"hymn", "-n3", "--loud=1", "--voice", "a", "--voice", "b", "--round"}}).ok());
  EXPECT_EQ(song.song, "hymn");
  EXPECT_EQ(song.times, 3u);
  EXPECT_EQ(song.loud, 1.0);
  EXPECT_EQ(song.voices, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(song.round);
  EXPECT_TRUE(song.line.Given("times"));
  EXPECT_FALSE(song.line.help_shown());
}

TEST(CommandLine, WhatIsNotGiven_Stays) {
  Song song;
  ASSERT_TRUE(song.line.Parse({.words = {"hymn"}}).ok());
  EXPECT_EQ(song.times, 1u);
  EXPECT_FALSE(song.line.Given("times"));
}

TEST(CommandLine, WrongValues_AreNamed) {
  EXPECT_EQ(Song().Refused({"hymn", "-n", "10"}), "--times is '10', expected a whole number from 1 to 9");
  EXPECT_EQ(Song().Refused({"hymn", "-n=3"}), "--times is '=3', expected a whole number from 1 to 9");
  EXPECT_EQ(Song().Refused({"hymn", "--loud", "nan"}), "--loud is 'nan', expected a number from 0 to 1");
  EXPECT_EQ(Song().Refused({"hymn", "--round=maybe"}), "--round is 'maybe', expected true or false");
  EXPECT_EQ(Song().Refused({"hymn", "-n1", "-n2"}), "--times is given 2 times, expected once");
  EXPECT_EQ(Song().Refused({}), "SONG is required; see `cllm sing --help`");
  EXPECT_EQ(Song().Refused({"hymn", "psalm"}), "'psalm' is one argument too many; see `cllm sing --help`");
}

TEST(CommandLine, UnknownOptions_NameTheNearestOrTheirCommand) {
  EXPECT_EQ(Song().Refused({"hymn", "--tims", "3"}),
            "--tims is no option of `cllm sing`; did you mean --times? (see `cllm sing --help`)");
  EXPECT_EQ(Song().Refused({"hymn", "--count=3"}),
            "--count is no option of `cllm sing` but of `cllm generate`; see `cllm sing --help`");
  EXPECT_EQ(Song().Refused({"hymn", "--qwertz"}), "--qwertz is no option of `cllm sing`; see `cllm sing --help`");
}

TEST(CommandLine, Numbers_AreAlsoReadFromTheEnvironment_TheFlagFirst) {
  const Variable times("CLLM_TIMES", "7");
  Song song;
  ASSERT_TRUE(song.line.Parse({.words = {"hymn"}}).ok());
  EXPECT_EQ(song.times, 7u);
  EXPECT_TRUE(song.line.Given("times"));
  Song flagged;
  ASSERT_TRUE(flagged.line.Parse({.words = {"hymn", "-n", "2"}}).ok());
  EXPECT_EQ(flagged.times, 2u);
  const Variable loud("CLLM_LOUD", "much");
  EXPECT_EQ(Song().Refused({"hymn"}),
            "--loud is 'much', expected a number from 0 to 1 (from the environment variable CLLM_LOUD)");
}

TEST(CommandLine, Benchmarks_ReadNoNumbersFromTheEnvironment) {
  const Variable times("CLLM_TIMES", "7");
  Song song("bench sing");
  ASSERT_TRUE(song.line.Parse({.words = {"hymn"}}).ok());
  EXPECT_EQ(song.times, 1u);
}

TEST(CommandLine, Page_HasARowForEach_AndRunsNothing) {
  Song song;
  CommandPage page;
  ASSERT_TRUE(song.line.Parse({.words = {}, .page = &page}).ok());
  EXPECT_TRUE(song.line.help_shown());
  EXPECT_EQ(page.name, "sing");
  EXPECT_EQ(page.examples, (std::vector<std::string>{"cllm sing a", "cllm sing b"}));
  ASSERT_EQ(page.rows.size(), 5u);
  EXPECT_TRUE(page.rows[0].positional() && page.rows[0].required);
  EXPECT_EQ(page.rows[1].value, "N");
  EXPECT_EQ(page.rows[1].initial, "1");
  EXPECT_EQ(page.rows[1].help, "how often");
  EXPECT_EQ(page.rows[1].environment, "CLLM_TIMES");
  EXPECT_EQ(page.rows[3].value, "NAME");
  EXPECT_TRUE(page.rows[3].repeats);
  EXPECT_TRUE(page.rows[4].flag());
}

TEST(EnvironmentName, OfAnOption) {
  EXPECT_EQ(EnvironmentName("top-k"), "CLLM_TOP_K");
  EXPECT_EQ(EnvironmentName("lr"), "CLLM_LR");
}

TEST(CommandLine, PortMayBeLeftOut) {
  const auto port = [](const std::vector<std::string>& words, bool right = true) {
    CommandLine line("show", "Shows.", "cllm show");
    std::optional<uint64_t> given;
    line.AddPortOrAlone("--dashboard", given, 7007, "a page");
    const Status status = line.Parse({.words = words});
    EXPECT_EQ(status.ok(), right) << status.message();
    return given;
  };
  EXPECT_EQ(port({}), std::nullopt);
  EXPECT_EQ(port({"--dashboard"}), 7007u);
  EXPECT_EQ(port({"--dashboard=0"}), 0u);
  EXPECT_EQ(port({"--dashboard=65535"}), 65535u);
  for (const char* wrong :
       {"--dashboard=65536", "--dashboard=", "--dashboard=x", "--dashboard=-1", "--dashboard=false"}) {
    port({wrong}, false);
  }
}

}  // namespace
}  // namespace cllm
