#include "store/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

using testing::HasSubstr;

TEST(ConfigFile, RoundTrip_EveryKind) {
  const std::vector<ConfigEntry> entries = {
      {"zeta", "a \"quoted\"\\ text\twith\nlines \x01\x7f and é", ConfigKind::kText, 1},
      {"layers", "4", ConfigKind::kBare, 2},
      {"lr", "0.003", ConfigKind::kBare, 3},
      {"quiet", "true", ConfigKind::kBare, 4},
      {"text", "a.txt", ConfigKind::kText, 6},
      {"text", "b, c.txt", ConfigKind::kText, 7},
      {"empty", "", ConfigKind::kText, 9},
  };
  EXPECT_EQ(*ParseConfig(WriteConfig(entries), "c"), entries) << WriteConfig(entries);
  EXPECT_EQ(WriteConfig({{"a-b", "x"}, {"n", "1", ConfigKind::kBare}}), "a-b = \"x\"\nn = 1\n");
}

TEST(ConfigFile, Parse_TablesAndArrays_AreFlat) {
  const auto entries =
      *ParseConfig("seed = 7\nnames = ['a', \"b\"]\nnone = []\n[train]\nrate = 3e-3\nbig.batch = 1_000\n", "c");
  const std::vector<ConfigEntry> expected = {{"seed", "7", ConfigKind::kBare, 1},
                                             {"names", "a", ConfigKind::kText, 2},
                                             {"names", "b", ConfigKind::kText, 2},
                                             {"train.rate", "0.003", ConfigKind::kBare, 5},
                                             {"train.big.batch", "1000", ConfigKind::kBare, 6}};
  EXPECT_EQ(entries, expected);
}

TEST(ConfigFile, Parse_Wrong_NamesTheLine) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"a = 1\nb = \n", "c.toml, line 2"},
      {"a = 1\na = 2\n", "c.toml, line 2"},
      {"\n\nwhat\n", "c.toml, line 3"},
      {"a = 1979-05-27\n", "line 1: 'a': expected text, a number, true or false"},
      {"a = [[1]]\n", "line 1: 'a': expected"},
      {"a = [{b = 1}]\n", "line 1: 'a': expected"},
      {"[[a]]\nb = 1\n", "'a': expected"},
      {"a = \"\xff\"\n", "line 1"},
      {std::string("a = \"\0\"\n", 8), "line 1"},
      {"a = 99999999999999999999\n", "line 1"},
      {"a = " + std::string(100000, '['), "line 1"},
      {"a = " + std::string(100000, '{'), "line 1"},
  };
  for (const auto& [text, expected] : cases) {
    const auto entries = ParseConfig(text, "c.toml");
    ASSERT_FALSE(entries.ok()) << text.substr(0, 100);
    EXPECT_EQ(entries.status().code(), Code::kBadInput);
    EXPECT_THAT(entries.status().message(), HasSubstr(expected)) << text.substr(0, 100);
  }
}

// The parser itself has undefined behaviour on some of these, and asserts on others.
TEST(ConfigFile, Parse_AnyCharacter_AndPercentSigns_ComeBack) {
  for (const std::string text : {"\xC3\xA9t\xC3\xA9", "\xEF\xB9\xBF", "\xE3\x81\x82\xC2\xA0\xE2\x80\xA8",
                                 "\xF0\x9F\x98\x80", "100% %41 %", "\xC2\x85"}) {
    const auto basic = ParseConfig("a = \"" + text + "\" # " + text, "f");
    ASSERT_TRUE(basic.ok()) << basic.status().message();
    EXPECT_EQ(basic->front().value, text);
    EXPECT_EQ(ParseConfig("\xEF\xBB\xBF"
                          "a = '" +
                              text + "'",
                          "f")
                  ->front()
                  .value,
              text);
  }
  EXPECT_EQ(ParseConfig("a = \"\\uFE7F\"", "f")->front().value, "\xEF\xB9\xBF");
  for (const std::string bad : {"\xFF", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x80", "\xC3"}) {
    EXPECT_THAT(ParseConfig("x = 1\na = \"" + bad + "\"", "f").status().message(),
                HasSubstr("f, line 2: expected UTF-8"));
  }
}

TEST(ConfigFile, Parse_BracketWithoutName_IsRefused) {
  for (const std::string text : {"[", "[ ", "[[", "[ = 1", "[\n]", "[[a]", "[#]", "a = 1\n[\xC3\xA9]"}) {
    EXPECT_EQ(ParseConfig(text, "f").status().code(), Code::kBadInput) << text;
  }
}

TEST(ConfigFile, Parse_DeepDottedKeys_AreRefusedNotRecursed) {
  std::string key = "a";
  for (int i = 0; i < 400000; ++i) key += ".a";
  EXPECT_THAT(ParseConfig("x = 1\n" + key + " = 1\n", "c").status().message(),
              HasSubstr("c, line 2: expected at most"));
  EXPECT_THAT(ParseConfig("[" + key + "]\n", "c").status().message(), HasSubstr("line 1: expected at most"));
  const std::string shallow = key.substr(0, 2001);
  EXPECT_EQ(ParseConfig(shallow + " = 1\n", "c")->front().key, shallow) << "as deep as allowed";
}

TEST(ConfigFile, Parse_EveryTruncation_IsReadOrRefused) {
  const std::string text = "a = \"x\\u00e9\"\nb = [1, 2.5, true]\n[t.u]\nc = 'z'\n";
  size_t refused = 0;
  for (size_t size = 0; size <= text.size(); ++size) {
    const auto entries = ParseConfig(text.substr(0, size), "c");
    EXPECT_TRUE(entries.ok() || entries.status().code() == Code::kBadInput);
    EXPECT_TRUE(entries.ok() || (size > 0 && text[size - 1] != '\n')) << "whole lines, " << size << " bytes";
    refused += !entries.ok();
  }
  EXPECT_GT(refused, text.size() / 2);
}

TEST(ConfigFile, Read_FileOrError) {
  const TemporaryDirectory folder;
  WriteText(folder / "c.toml", "a = 1\n");
  EXPECT_EQ(ReadConfig(folder / "c.toml")->front().value, "1");
  EXPECT_EQ(ReadConfig(folder / "absent").status().code(), Code::kBadInput);
  WriteText(folder / "long.toml", std::string(kMaxConfigBytes + 1, '\n'));
  EXPECT_THAT(ReadConfig(folder / "long.toml").status().message(), HasSubstr("at most"));
}

}  // namespace
}  // namespace cllm
