#include "corpus/found_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "corpus/named_path.h"
#include "corpus/testing/text_fixture.h"

namespace cllm {
namespace {

using Texts = std::vector<std::string>;

class FoundFilesTest : public testing::Test {
 protected:
  Result<FoundFiles> Find(CorpusOptions options) {
    for (std::string& path : options.paths) path = files_ / path;
    return FindFiles(options, spool_.path());
  }
  // The paths of what is read, without the directory.
  Texts Paths(const CorpusOptions& options) {
    const Result<FoundFiles> found = Find(options);
    EXPECT_TRUE(found.ok()) << found.status().message();
    Texts paths;
    if (!found.ok()) return paths;
    for (const SourceFile& file : found->files) paths.push_back(file.path.substr(files_.path().size() + 1));
    return paths;
  }
  // "reason path" of what is not.
  Texts LeftOutOf(const CorpusOptions& options) {
    const Result<FoundFiles> found = Find(options);
    EXPECT_TRUE(found.ok()) << found.status().message();
    Texts texts;
    if (!found.ok()) return texts;
    for (const LeftOut& one : found->left_out) {
      texts.push_back(std::to_string(static_cast<int>(one.reason)) + " " + one.path.substr(files_.path().size() + 1));
    }
    std::sort(texts.begin(), texts.end());
    return texts;
  }
  static std::string Of(LeftOutReason reason, const std::string& path) {
    return std::to_string(static_cast<int>(reason)) + " " + path;
  }

  TemporaryDirectory files_;
  TemporaryDirectory spool_;
};

TEST_F(FoundFilesTest, Directory_GivesTextByContent_WhateverTheName) {
  files_.Write("d/Makefile", "all:");
  files_.Write("d/a.h", "int a;");
  files_.Write("d/sub/deep/b", "b");
  files_.Write("d/picture.png", std::string("\x89PNG\0\0", 6));
  files_.Write("d/empty.h", "");
  EXPECT_EQ(Paths({.paths = {"d"}}), (Texts{"d/Makefile", "d/a.h", "d/sub/deep/b"}));
  EXPECT_EQ(LeftOutOf({.paths = {"d"}}),
            (Texts{Of(LeftOutReason::kBinary, "d/picture.png"), Of(LeftOutReason::kEmpty, "d/empty.h")}));
}

TEST_F(FoundFilesTest, Directory_PassesByWhatIsNoTextOfTheUsers) {
  files_.Write("d/a.txt", "a");
  for (const char* path : {".hidden", ".git/config", "CVS/Root", "__pycache__/x.txt", "cache/CACHEDIR.TAG",
                           "runs/run-1/config.toml", "runs/run-1/log.jsonl"}) {
    files_.Write(std::string("d/") + path, "x");
  }
  files_.Write("d/project/config.toml", "no run");
  std::filesystem::create_directory_symlink(files_ / "d/project", files_ / "d/link");
  EXPECT_EQ(Paths({.paths = {"d"}}), (Texts{"d/a.txt", "d/project/config.toml"}));
  std::vector<std::string> expected = {
      Of(LeftOutReason::kHidden, "d/.hidden"),      Of(LeftOutReason::kHidden, "d/.git"),
      Of(LeftOutReason::kVersionControl, "d/CVS"),  Of(LeftOutReason::kCache, "d/__pycache__"),
      Of(LeftOutReason::kCache, "d/cache"),         Of(LeftOutReason::kRun, "d/runs/run-1"),
      Of(LeftOutReason::kFolderLink, "d/link")};
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(LeftOutOf({.paths = {"d"}}), expected);
  EXPECT_EQ(Paths({.paths = {"d/.git"}}), Texts{"d/.git/config"}) << "what is named is read";
}

TEST_F(FoundFilesTest, Globs_GoDown_AndSkipEmptyFiles) {
  files_.Write("s/a.py", "a");
  files_.Write("s/__init__.py", "");
  files_.Write("s/p/q/b.py", "b");
  files_.Write("s/p/b.txt", "no");
  files_.Write("s/.venv/c.py", "no");
  files_.Write("s/runs/r/config.toml", "x");
  files_.Write("s/runs/r/checkpoints/x.py", "no");
  EXPECT_EQ(Paths({.paths = {"s/**/*.py"}}), (Texts{"s/a.py", "s/p/q/b.py"}));
  EXPECT_EQ(Paths({.paths = {"s/*.py"}}), Texts{"s/a.py"});
  EXPECT_EQ(Paths({.paths = {"s/p/**"}}), (Texts{"s/p/b.txt", "s/p/q/b.py"}));
  EXPECT_EQ(Paths({.paths = {"s/{a,b}.py", "**/q/b.p?"}}), (Texts{"s/a.py", "s/p/q/b.py"}));
  EXPECT_EQ(Paths({.paths = {"[s]/p"}}), (Texts{"s/p/b.txt", "s/p/q/b.py"})) << "a folder that matches is walked";
}

TEST_F(FoundFilesTest, Filters_ChooseAmongWhatIsFound_NotAmongWhatIsNamed) {
  files_.Write("d/a.py", "a");
  files_.Write("d/a.txt", "a text");
  files_.Write("d/build/b.py", "b");
  files_.Write("named.txt", "named");
  EXPECT_EQ(Paths({.paths = {"d", "named.txt"}, .filter = {.include = {"*.py"}}}),
            (Texts{"d/a.py", "d/build/b.py", "named.txt"}));
  EXPECT_EQ(Paths({.paths = {"d"}, .filter = {.exclude = {"build", "*.txt"}}}), Texts{"d/a.py"});
  EXPECT_EQ(Paths({.paths = {"d"}, .filter = {.include = {"build/**"}}}), Texts{"d/build/b.py"});
  ExpectError(Find({.paths = {"d"}, .filter = {.include = {"*.rs"}}}).status(), Code::kBadInput,
              {"holds no text", "filters"});
}

TEST_F(FoundFilesTest, AllFaults_StandInOneMessage) {
  files_.Write("good.txt", "good");
  files_.Write("a.bin", std::string(10, '\0'));
  files_.Write("b.docx", "PK\x03\x04");
  files_.Write("c.txt.gz", "no gzip");
  ExpectError(Find({.paths = {"good.txt", "a.bin", "b.docx", "c.txt.gz", "none.txt", "no*.txt"}}).status(),
              Code::kBadInput,
              {"5 of the texts", "a.bin is binary", "b.docx is a Word document", "pandoc", "c.txt.gz is damaged",
               "none.txt: No such file", "no*.txt matches no file"});
  EXPECT_EQ(Paths({.paths = {"."}}), Texts{"good.txt"}) << "in a folder they are left out";
}

TEST_F(FoundFilesTest, EmptyFiles_AreSkipped_UnlessNothingElseIsThere) {
  files_.Write("a.txt", "");
  files_.Write("b.txt", "b");
  EXPECT_EQ(Paths({.paths = {"a.txt", "b.txt"}}), Texts{"b.txt"});
  ExpectError(Find({.paths = {"a.txt"}}).status(), Code::kBadInput, {"a.txt is empty"});
}

TEST_F(FoundFilesTest, SameFile_IsReadOnce) {
  files_.Write("a.txt", "text");
  std::filesystem::create_hard_link(files_ / "a.txt", files_ / "b.txt");
  std::filesystem::create_symlink(files_ / "a.txt", files_ / "c.txt");
  EXPECT_EQ(Paths({.paths = {"b.txt", "a.txt", "c.txt", "./a.txt"}}), Texts{"a.txt"});
  EXPECT_EQ(LeftOutOf({.paths = {"."}}),
            (Texts{Of(LeftOutReason::kSameFile, "b.txt"), Of(LeftOutReason::kSameFile, "c.txt")}));
}

TEST_F(FoundFilesTest, FolderThatHoldsNoText_IsRefusedBesideOthers) {
  files_.Write("a.txt", "text");
  files_.Write("d/x.png", std::string(10, '\0'));
  ExpectError(Find({.paths = {"a.txt", "d"}}).status(), Code::kBadInput,
              {"/d holds no text", "1 binary file", "x.png"});
}

// Goes into a directory, and back.
class Inside {
 public:
  explicit Inside(const std::string& directory) { std::filesystem::current_path(directory); }
  ~Inside() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_ = std::filesystem::current_path();
};

// What a run reads and what it reads again from elsewhere, by the paths that it recorded, are the same in the same
// order.
TEST_F(FoundFilesTest, RecordedPaths_GiveFromAnywhereWhatTheNamedOnesGave) {
  const std::string here = files_ / "[here] {a}";
  for (const char* name : {"a.txt", "b.md", "sub/c.txt", "sub/deep/d.py", "z.py"}) {
    files_.Write("[here] {a}/" + std::string(name), name);
  }
  files_.Write("y.txt", "y"), files_.Write("0/x.txt", "x");
  const std::vector<CorpusOptions> all = {
      {.paths = {"a.txt"}},
      {.paths = {"."}},
      {.paths = {"./sub/", "z.py", "../y.txt", "a.txt", files_ / "0/x.txt"}},
      {.paths = {"**/*.py", "{a,b}.*"}},
      {.paths = {".."}, .filter = {.include = {}, .exclude = {"sub/*"}}},
      {.paths = {"."}, .filter = {.include = {"sub/**", "*.md"}, .exclude = {}}},
      {.paths = {"sub"}, .filter = {.include = {"sub/deep/*"}, .exclude = {}}},
  };
  for (CorpusOptions options : all) {
    Texts named, recorded;
    {
      const Inside inside(here);
      const Result<FoundFiles> found = FindFiles(options, spool_.path());
      ASSERT_TRUE(found.ok()) << found.status().message();
      for (const SourceFile& file : found->files) named.push_back(ReadText(file.path));
    }
    for (std::string& path : options.paths) path = RecordedPath(path, here);
    const Result<FoundFiles> found = FindFiles(options, spool_.path());
    ASSERT_TRUE(found.ok()) << found.status().message();
    for (const SourceFile& file : found->files) recorded.push_back(ReadText(file.path));
    EXPECT_FALSE(named.empty());
    EXPECT_EQ(named, recorded) << options.paths.front();
  }
}

TEST_F(FoundFilesTest, RecordedPathThatIsMissing_IsTold_AsItLies) {
  const Status status = FindFiles({.paths = {"/nowhere/./sub/a.txt"}}, spool_.path()).status();
  EXPECT_EQ(status.code(), Code::kBadInput);
  EXPECT_EQ(status.message().find("/nowhere/sub/a.txt: "), 0u) << status.message();
}

TEST_F(FoundFilesTest, RunThatHasNotYetSaved_IsLeftOutOfAFolder) {
  files_.Write("d/a.txt", "text");
  files_.Write("d/runs/run-1/config.toml", "format = 1");
  files_.Write("d/runs/run-1/tokenizer.json", "{}");
  EXPECT_EQ(Paths({.paths = {"d"}}), (Texts{"d/a.txt"}));
  EXPECT_EQ(LeftOutOf({.paths = {"d"}}), (Texts{Of(LeftOutReason::kRun, "d/runs/run-1")}));
}

}  // namespace
}  // namespace cllm
