#include "corpus/glob_pattern.h"

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

TEST(GlobPattern, Braces_AreEveryPattern) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(ExpandBraces("a.{h,cc}"), (Texts{"a.cc", "a.h"}));
  EXPECT_EQ(ExpandBraces("{a,b{c,d}}"), (Texts{"a", "bc", "bd"}));
  EXPECT_EQ(ExpandBraces("{a}"), Texts{"{a}"});
  EXPECT_EQ(ExpandBraces("a}b{"), Texts{"a}b{"});
  EXPECT_EQ(ExpandBraces("{a}{b,c}"), (Texts{"{a}b", "{a}c"})) << "a pair without a choice hides no other";
  EXPECT_EQ(ExpandBraces("a}{b,c}"), (Texts{"a}b", "a}c"}));
  EXPECT_EQ(ExpandBraces("{a,{b}}"), (Texts{"a", "{b}"}));
  EXPECT_EQ(ExpandBraces("{a,b"), Texts{"{a,b"});
  EXPECT_EQ(ExpandBraces("{,x}y"), (Texts{"xy", "y"}));
  std::string many;
  for (int i = 0; i < 30; ++i) many += "{a,b}";
  EXPECT_LE(ExpandBraces(many).size(), 1000u);
}

TEST(GlobPattern, Filter_ExcludesBeforeItIncludes) {
  const FileFilter filter{.include = {"*.{h,c}"}, .exclude = {"gen/", "lib/*.h"}};
  EXPECT_TRUE(filter.TakesFile("x/a.h", "a.h"));
  EXPECT_FALSE(filter.TakesFile("x/a.o", "a.o"));
  EXPECT_FALSE(filter.TakesFile("x/lib/a.h", "lib/a.h"));
  EXPECT_FALSE(filter.TakesFile("lib/a.h", "a.h")) << "the path as found counts, too";
  EXPECT_TRUE(filter.TakesFile("x/lib/a.c", "lib/a.c"));
  EXPECT_FALSE(filter.TakesFolder("x/y/gen", "y/gen"));
  EXPECT_TRUE(filter.TakesFolder("x/y/general", "y/general"));
  EXPECT_TRUE(FileFilter{}.TakesFile("a", "a"));
}

TEST(GlobPattern, Filter_OfAFolder_TakesWhatLiesInIt) {
  for (const char* folder :
       {"src", "src/", "./src", "./src/", "**/src", "s{rc,ql}", "x/src", "s*/", "./src/**", "x/./src"}) {
    const FileFilter filter{.include = {folder}};
    const bool takes = std::string_view(folder) != "x/./src";  // dots inside are what they are
    EXPECT_EQ(filter.TakesFile("x/src/gen/a.c", "src/gen/a.c"), takes) << folder;
    EXPECT_FALSE(filter.TakesFile("x/lib/src.c", "lib/src.c")) << folder;
  }
  EXPECT_FALSE(FileFilter{.include = {"test*"}}.TakesFile("tests/data.txt", "tests/data.txt")) << "a pattern of files";
  EXPECT_FALSE((FileFilter{.include = {"src"}, .exclude = {"*.o"}}).TakesFile("src/a.o", "src/a.o"));
  EXPECT_FALSE(FileFilter{.exclude = {"./src/tests"}}.TakesFolder("src/tests", "src/tests"));
  EXPECT_FALSE(FileFilter{.exclude = {"./tests/"}}.TakesFolder("tests", "tests"));
  EXPECT_TRUE(FileFilter{.exclude = {"tests/"}}.TakesFile("tests", "tests")) << "a file of that name";
}

}  // namespace
}  // namespace cllm
