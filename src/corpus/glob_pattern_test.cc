#include "corpus/glob_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cllm {
namespace {

TEST(GlobPattern, Matches_WhatAShellMatches) {
  struct Case {
    const char* pattern;
    const char* path;
    bool matches;
  };
  for (const auto& [pattern, path, matches] : std::vector<Case>{
           {"*.py", "a.py", true},           {"*.py", "a.pyc", false},        {"*.py", "d/a.py", false},
           {"a?c", "abc", true},             {"a?c", "a/c", false},           {"[a-c]x", "bx", true},
           {"[!a-c]x", "bx", false},         {"[!a-c]x", "dx", true},         {"[]]", "]", true},
           {"[x", "[x", true},               {"\\*", "*", true},              {"\\*", "x", false},
           {"src/**/*.py", "src/a.py", true}, {"src/**/*.py", "src/d/e/a.py", true},
           {"src/**/*.py", "srcs/a.py", false}, {"**/b", "b", true},          {"**/b", "a/b", true},
           {"**/b", "ab", false},            {"a/**", "a/b/c", true},         {"a/**", "b/a", false},
           {"a**b", "axxb", true},           {"a**b", "a/b", false},          {"", "", true},
           {"*", "", true},                  {"*a*b*c*", "xxaxxbxxcxx", true}, {"*a*b*c*", "xxaxxcxxbxx", false}}) {
    EXPECT_EQ(GlobMatches(pattern, path), matches) << pattern << " and " << path;
  }
}

TEST(GlobPattern, ManyStars_TakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(GlobMatches(pattern + "b", std::string(2000, 'a')));
}

using Texts = std::vector<std::string>;

Texts Expanded(const std::string& pattern) {
  const Result<Texts> patterns = ExpandBraces(pattern);
  EXPECT_TRUE(patterns.ok()) << patterns.status().message();
  return *patterns;
}

TEST(GlobPattern, Braces_AreEveryPattern) {
  EXPECT_EQ(Expanded("a.{h,cc}"), (Texts{"a.cc", "a.h"}));
  EXPECT_EQ(Expanded("{a,b{c,d}}"), (Texts{"a", "bc", "bd"}));
  EXPECT_EQ(Expanded("{a}"), Texts{"{a}"});
  EXPECT_EQ(Expanded("a}b{"), Texts{"a}b{"});
  EXPECT_EQ(Expanded("{a}{b,c}"), (Texts{"{a}b", "{a}c"})) << "a pair without a choice hides no other";
  EXPECT_EQ(Expanded("a}{b,c}"), (Texts{"a}b", "a}c"}));
  EXPECT_EQ(Expanded("{a,{b}}"), (Texts{"a", "{b}"}));
  EXPECT_EQ(Expanded("{a,b"), Texts{"{a,b"});
  EXPECT_EQ(Expanded("{,x}y"), (Texts{"xy", "y"}));
}

std::string Choices(int count) {
  std::string text = "{0";
  for (int i = 1; i < count; ++i) text += "," + std::to_string(i);
  return text + "}";
}

std::string TwoChoicesEach(int pairs) {
  std::string text;
  for (int i = 0; i < pairs; ++i) text += "{a,b}";
  return text;
}

TEST(GlobPattern, Braces_OfTooManyPatterns_AreRefused) {
  EXPECT_EQ(ExpandBraces(Choices(1000))->size(), 1000u);
  EXPECT_EQ(ExpandBraces(TwoChoicesEach(9))->size(), 512u);
  for (const std::string& pattern :
       {Choices(1001), TwoChoicesEach(10), TwoChoicesEach(30), Choices(40) + Choices(40)}) {
    const auto expanded = ExpandBraces(pattern);
    EXPECT_EQ(expanded.status().code(), Code::kBadInput) << pattern;
    EXPECT_THAT(expanded.status().message(), testing::HasSubstr("more than 1,000 patterns"));
    for (const bool include : {true, false}) {
      FileFilter filter;
      (include ? filter.include : filter.exclude) = {"*.txt", pattern};
      const Status refused = FileMatcher::Of(filter).status();
      EXPECT_EQ(refused.code(), Code::kUsage);
      EXPECT_THAT(refused.message(), testing::StartsWith(include ? "`include`: " : "`exclude`: "));
    }
  }
}

TEST(GlobPattern, Filter_ExcludesBeforeItIncludes) {
  const FileMatcher filter = *FileMatcher::Of({.include = {"*.{h,c}"}, .exclude = {"{gen,made}/", "lib/*.h"}});
  EXPECT_TRUE(filter.TakesFile("x/a.h", "a.h"));
  EXPECT_FALSE(filter.TakesFile("x/a.o", "a.o"));
  EXPECT_FALSE(filter.TakesFile("x/lib/a.h", "lib/a.h"));
  EXPECT_FALSE(filter.TakesFile("lib/a.h", "a.h")) << "the path as found counts, too";
  EXPECT_TRUE(filter.TakesFile("x/lib/a.c", "lib/a.c"));
  EXPECT_FALSE(filter.TakesFolder("x/y/gen", "y/gen"));
  EXPECT_TRUE(filter.TakesFolder("x/y/general", "y/general"));
  EXPECT_FALSE(filter.TakesFolder("x/made", "made"));
  EXPECT_TRUE(FileMatcher::Of({})->TakesFile("a", "a"));
}

TEST(GlobPattern, Filter_OfAFolder_TakesWhatLiesInIt) {
  for (const char* folder :
       {"src", "src/", "./src", "./src/", "**/src", "s{rc,ql}", "x/src", "s*/", "./src/**", "x/./src"}) {
    const FileMatcher filter = *FileMatcher::Of({.include = {folder}});
    const bool takes = std::string_view(folder) != "x/./src";  // dots inside are what they are
    EXPECT_EQ(filter.TakesFile("x/src/gen/a.c", "src/gen/a.c"), takes) << folder;
    EXPECT_FALSE(filter.TakesFile("x/lib/src.c", "lib/src.c")) << folder;
  }
  EXPECT_FALSE(FileMatcher::Of({.include = {"test*"}})->TakesFile("tests/data.txt", "tests/data.txt"))
      << "a pattern of files";
  EXPECT_FALSE(FileMatcher::Of({.include = {"src"}, .exclude = {"*.o"}})->TakesFile("src/a.o", "src/a.o"));
  EXPECT_FALSE(FileMatcher::Of({.exclude = {"./src/tests"}})->TakesFolder("src/tests", "src/tests"));
  EXPECT_FALSE(FileMatcher::Of({.exclude = {"./tests/"}})->TakesFolder("tests", "tests"));
  EXPECT_TRUE(FileMatcher::Of({.exclude = {"tests/"}})->TakesFile("tests", "tests")) << "a file of that name";
}

}  // namespace
}  // namespace cllm
