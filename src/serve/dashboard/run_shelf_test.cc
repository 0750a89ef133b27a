#include "serve/dashboard/run_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/testing/temporary_directory.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class RunShelves : public ::testing::Test {
 protected:
  // Something that looks like a run; it is damaged, which a list shows.
  void MakeRun(const std::string& name) {
    fs::create_directories(root_ / name + "/checkpoints");
    root_.Write(name + "/config.toml", "format = 2\n");
  }
  std::vector<std::string> Ids(RunShelf& shelf) {
    std::vector<std::string> ids;
    for (const ShownRun* run : shelf.Runs(now_ += 10)) ids.push_back(run->id());
    return ids;
  }
  TemporaryDirectory root_;
  double now_ = 0;
};

TEST_F(RunShelves, FindRunsInFolders_AndThoseThatComeAndGo) {
  MakeRun("runs/a");
  MakeRun("runs/books/b");
  RunShelf shelf({root_ / "runs"});
  EXPECT_THAT(Ids(shelf), UnorderedElementsAre("a", "books~b"));
  MakeRun("runs/c");
  EXPECT_THAT(Ids(shelf), UnorderedElementsAre("a", "books~b", "c"));
  fs::remove_all(root_ / "runs/a");
  EXPECT_THAT(Ids(shelf), UnorderedElementsAre("books~b", "c"));
  fs::remove_all(root_ / "runs");
  EXPECT_THAT(Ids(shelf), IsEmpty());
  MakeRun("runs/a");
  EXPECT_THAT(Ids(shelf), ElementsAre("a")) << "the place is back";
}

TEST_F(RunShelves, RunOfTwoPlaces_IsShownOnce_AndNamesAreUnique) {
  MakeRun("one/a");
  MakeRun("two/a");
  RunShelf shelf({root_ / "one/a", root_ / "one", root_ / "two/a/", root_ / "one/../one/a"});
  EXPECT_THAT(Ids(shelf), UnorderedElementsAre("a", "a~2"));
  const auto found = shelf.Find("a", now_);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->path(), root_ / "one/a");
  EXPECT_THAT(shelf.OutermostPlaces(), ElementsAre(root_ / "one", root_ / "two/a/"));
  EXPECT_TRUE(RunShelf::SamePlace(root_ / "one/a", root_ / "two/../one/a"));
  EXPECT_FALSE(RunShelf::SamePlace(root_ / "one/a", root_ / "two/a"));
}

TEST_F(RunShelves, IdsHoldNothingThatAnAddressMeans) {
  for (const char* name : {"<script>", "a b", "100%", "q?x=y", "\xc3\xa4", "#1", "'"})
    MakeRun(std::string("runs/") + name);
  RunShelf shelf({root_ / "runs"});
  for (const std::string& id : Ids(shelf)) {
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-"), id.npos)
        << id;
    EXPECT_TRUE(shelf.Find(id, now_).ok()) << id;
  }
  EXPECT_EQ(Ids(shelf).size(), 7u);
}

TEST_F(RunShelves, RunThatHasGone_IsToldAsGone) {
  MakeRun("runs/a");
  RunShelf shelf({root_ / "runs"});
  ASSERT_TRUE(shelf.Find("a", now_).ok());
  fs::remove_all(root_ / "runs/a");
  EXPECT_THAT(shelf.Find("a", now_).status().message(), HasSubstr("not there any more"));
  EXPECT_THAT(shelf.Find("a", now_).status().message(), HasSubstr("no run is called 'a'"));
  EXPECT_THAT(shelf.Find(std::string(1000, 'x'), now_).status().message().size(), ::testing::Lt(300u));
}

}  // namespace
}  // namespace cllm
