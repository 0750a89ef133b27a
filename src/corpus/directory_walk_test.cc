#include "corpus/directory_walk.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

class DirectoryWalkTest : public testing::Test {
 protected:
  // The names of what is taken below the folder, in order.
  std::vector<std::string> Taken(const FileFilter& filter, const std::string& pattern = "") {
    left_out_.clear();
    std::vector<std::string> names;
    const Result<FileMatcher> matcher = FileMatcher::Of(filter);
    EXPECT_TRUE(matcher.ok()) << matcher.status().message();
    DirectoryWalk walk(*matcher, {}, left_out_,
                       [&](std::string path) { names.push_back(path.substr(root_.path().size() + 1)); });
    if (pattern.empty()) {
      EXPECT_TRUE(walk.Walk(root_.path()).ok());
    } else {
      walk.Match(root_ / pattern);
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  size_t LeftOutFor(LeftOutReason reason) const {
    return static_cast<size_t>(
        std::count_if(left_out_.begin(), left_out_.end(), [&](const LeftOut& one) { return one.reason == reason; }));
  }
  using Names = std::vector<std::string>;
  TemporaryDirectory root_;
  std::vector<LeftOut> left_out_;
};

TEST_F(DirectoryWalkTest, PassesByWhatIsNoText_ByWhereItLies) {
  for (const std::string name :
       {"a.txt", "sub/b", ".hidden", ".git/config", "CVS/Root", "__pycache__/x.pyc", "cache/CACHEDIR.TAG", "cache/y",
        "run/config.toml", "run/log.jsonl", "no_run/config.toml"}) {
    root_.Write(name, "x");
  }
  std::filesystem::create_directory_symlink("sub", root_ / "link");
  EXPECT_EQ(Taken({}), (Names{"a.txt", "no_run/config.toml", "sub/b"}));
  for (const LeftOutReason reason : {LeftOutReason::kVersionControl, LeftOutReason::kRun, LeftOutReason::kFolderLink}) {
    EXPECT_EQ(LeftOutFor(reason), 1u);
  }
  EXPECT_EQ(LeftOutFor(LeftOutReason::kCache), 2u);
  EXPECT_EQ(LeftOutFor(LeftOutReason::kHidden), 2u);
}

TEST_F(DirectoryWalkTest, Filter_LeavesOutFilesAndFolders) {
  for (const std::string name : {"a.py", "a.txt", "gen/b.py", "sub/c.py"}) root_.Write(name, "x");
  EXPECT_EQ(Taken({.include = {"*.py"}, .exclude = {"gen"}}), (Names{"a.py", "sub/c.py"}));
  EXPECT_EQ(LeftOutFor(LeftOutReason::kExcluded), 2u);
}

TEST_F(DirectoryWalkTest, Pattern_GoesDownWithTwoStars) {
  for (const std::string name : {"a.py", "s/b.py", "s/t/c.py", "s/t/d.txt"}) root_.Write(name, "x");
  EXPECT_EQ(Taken({}, "*.py"), (Names{"a.py"}));
  EXPECT_EQ(Taken({}, "**/*.py"), (Names{"a.py", "s/b.py", "s/t/c.py"}));
  EXPECT_EQ(Taken({}, "s/**"), (Names{"s/b.py", "s/t/c.py", "s/t/d.txt"}));
}

}  // namespace
}  // namespace cllm
