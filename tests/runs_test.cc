#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "program.h"

// Runs as their owner meets them later: from elsewhere, with the text moved, listed, compared, removed.
namespace cllm::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class RunsCommands : public ::testing::Test {
 protected:
  // A run in the sandbox, of a text named from there.
  void Train(const std::string& text, const std::string& out, const std::string& steps) {
    const Outcome outcome = box_.Run(TinyRun(text, out, steps));
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  // A command that a shell runs in a folder of the sandbox.
  Outcome RunIn(const std::string& folder, std::vector<std::string> arguments) {
    return box_.Run(Start{.arguments = std::move(arguments), .input = "", .environment = {}, .meanwhile = {},
                          .obeys_modes = false, .script = "", .directory = box_.path(folder)});
  }
  std::string Model(const std::string& run, const std::string& step) {
    return ReadAll(box_.path(run + "/checkpoints/step-" + step + "/model.safetensors"));
  }
  void ForgetTokens() { fs::remove_all(box_.path("cache")); }

  Sandbox box_;
  std::string text_ = box_.Write("book.txt", SomeText(20000));
};

TEST_F(RunsCommands, Resume_FromAnyDirectory) {
  Train("book.txt", "run", "2");
  ForgetTokens();
  fs::create_directory(box_.path("elsewhere"));
  const Outcome outcome = RunIn("elsewhere", {"resume", "../run", "--steps", "4", "--quiet", "--samples", "0"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Outcome again = RunIn("elsewhere", {"train", "--config", "../run/config.toml", "--out", "again", "--quiet"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Model("elsewhere/again", "2"), Model("run", "2"));
}

TEST_F(RunsCommands, Resume_AfterTheTextHasMoved) {
  Train("book.txt", "run", "2");
  ForgetTokens();
  fs::create_directory(box_.path("elsewhere"));
  fs::rename(text_, box_.path("elsewhere/novel.md"));
  const Outcome lost = box_.Run({"resume", "run", "--steps", "4"});
  EXPECT_EQ(lost.exit_code, 3);
  EXPECT_THAT(lost.err, AllOf(HasSubstr("book.txt"), HasSubstr("resume run TEXT")));
  const Outcome named = box_.Run({"resume", "run", "elsewhere/novel.md", "--steps", "4", "--quiet", "--samples", "0"});
  EXPECT_EQ(named.exit_code, 0) << named.err;
  ForgetTokens();
  const Outcome remembered = box_.Run({"resume", "run", "--steps", "6", "--quiet", "--samples", "0"});
  EXPECT_EQ(remembered.exit_code, 0) << remembered.err;
}

TEST_F(RunsCommands, Resume_AfterPatience_SaysHow_AndItsHintTrainsOn) {
  std::vector<std::string> arguments = TinyRun("book.txt", "run", "600");
  arguments.pop_back();  // --quiet
  for (const char* more :
       {"--eval-every", "2", "--patience", "2", "--lr", "0.3", "--embedding-lr", "0.3", "--warmup", "1"}) {
    arguments.emplace_back(more);
  }
  const Outcome trained = box_.Run(arguments);
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("resume run --steps 600"));
  const Outcome nothing = box_.Run({"resume", "run", "--samples", "0"});
  EXPECT_EQ(nothing.exit_code, 0) << nothing.err;
  EXPECT_THAT(nothing.err, AllOf(HasSubstr("patience ended the run at step "), HasSubstr("name --steps (600")));
  const auto step = [&] { return nlohmann::json::parse(ReadAll(box_.path("run/latest/state.json"))).at("step"); };
  const uint64_t ended = step();
  ASSERT_LT(ended, 600u);
  const Outcome on = box_.Run({"resume", "run", "--steps", "700", "--samples", "0"});
  EXPECT_EQ(on.exit_code, 0) << on.err;
  EXPECT_GT(step(), ended);
}

TEST_F(RunsCommands, RefusedStart_LeavesNothing) {
  const auto refuse = [&](std::vector<std::string> more, int code) {
    std::vector<std::string> arguments = {"train", "book.txt", "--steps", "1", "--out", "a/R"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = box_.Run(arguments);
    EXPECT_EQ(outcome.exit_code, code) << outcome.err;
    EXPECT_FALSE(Exists(box_.path("a"))) << outcome.err;
  };
  refuse({"--batch", "65536"}, 2);
  refuse({"--tokenizer", "bytes", "--layers", "256", "--width", "8192", "--heads", "32", "--hidden", "32768"}, 4);
  refuse({"--context", "30000"}, 3);
  refuse({"--heads", "3", "--width", "16"}, 2);
  refuse({"--from", "nowhere"}, 3);
  EXPECT_FALSE(Exists(box_.path("runs")));
}

TEST_F(RunsCommands, FolderOfTexts_WithItsOwnRuns_ResumesAndTrainsAgain) {
  box_.Write("texts/a.txt", SomeText(9000));
  const auto train = [&] {
    std::vector<std::string> arguments = TinyRun(".", "", "2");
    arguments.erase(arguments.begin() + 2, arguments.begin() + 4);  // --out
    return RunIn("texts", arguments);
  };
  ASSERT_EQ(train().exit_code, 0);
  const Outcome again = train();
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Model("texts/runs/run-1", "2"), Model("texts/runs/run-2", "2"));
  ForgetTokens();
  EXPECT_EQ(RunIn("texts", {"resume", "runs/run-1", "--steps", "3", "--quiet", "--samples", "0"}).exit_code, 0);
  EXPECT_EQ(RunIn("texts/runs", {"resume", "run-2", "--steps", "3", "--quiet", "--samples", "0"}).exit_code, 0);
}

TEST_F(RunsCommands, List_ShowsWhatThereIs) {
  EXPECT_THAT(box_.Run({"runs"}).out, HasSubstr("no runs in ."));
  Train("book.txt", "runs/a", "3");
  Train("book.txt", "runs/b", "4");
  box_.Write("runs/b/config.toml", "text = [");
  const Outcome listed = box_.Run({"runs"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_THAT(listed.out, AllOf(HasSubstr("runs/a"), HasSubstr("book.txt"), HasSubstr("3/3"), HasSubstr("finished"),
                                HasSubstr("damaged"), HasSubstr("2 runs, ")));
  const auto json = nlohmann::json::parse(box_.Run({"runs", "list", "runs", "--json"}).out);
  ASSERT_EQ(json.at("runs").size(), 2u);
  EXPECT_EQ(box_.Run({"runs", "nowhere"}).exit_code, 3);
  EXPECT_THAT(box_.Run({"runs", "compair"}).err, HasSubstr("cllm runs compare`?"));
}

TEST_F(RunsCommands, Compare_ShowsWhatDiffers) {
  Train("book.txt", "a", "3");
  Train("book.txt", "b", "4");
  const Outcome compared = box_.Run({"runs", "compare", "a", "b"});
  EXPECT_EQ(compared.exit_code, 0) << compared.err;
  EXPECT_THAT(compared.out, AllOf(HasSubstr("steps"), HasSubstr("3 of 3"), HasSubstr("4 of 4"),
                                  HasSubstr("the same text"), Not(HasSubstr("the same weights"))));
  EXPECT_EQ(box_.Run({"runs", "compare", "a"}).exit_code, 2);
  EXPECT_EQ(box_.Run({"runs", "compare", "a", "nowhere"}).exit_code, 3);
}

TEST_F(RunsCommands, Remove_AsksFirst) {
  Train("book.txt", "a", "1");
  const auto answer = [&](const std::string& text) {
    return box_.Run(Start{{"runs", "rm", "a"}, text, {}, {}});
  };
  EXPECT_EQ(answer("").exit_code, 2);
  EXPECT_THAT(answer("n\n").err, HasSubstr("remove a? [y/N] nothing is removed"));
  ASSERT_TRUE(Exists(box_.path("a/checkpoints")));
  EXPECT_EQ(answer("y\n").exit_code, 0);
  EXPECT_FALSE(Exists(box_.path("a")));
  EXPECT_TRUE(Exists(text_));
  box_.Write("mine/config.toml", "title = 'mine'\n");
  EXPECT_EQ(box_.Run({"runs", "rm", "--yes", "mine"}).exit_code, 3);
  EXPECT_TRUE(Exists(box_.path("mine/config.toml")));
}

TEST_F(RunsCommands, Cache_IsShown_Cleaned_AndKeptToItsLimit) {
  Train("book.txt", "a", "1");
  EXPECT_THAT(box_.Run({"runs", "cache"}).out, AllOf(HasSubstr("1 prepared text,"), HasSubstr("CLLM_CACHE_LIMIT")));
  EXPECT_THAT(box_.Run({"runs", "cache", "--clean"}).out,
              AllOf(HasSubstr("removed 1 file"), HasSubstr("0 prepared texts")));
  Train("book.txt", "b", "1");
  std::vector<std::string> other = TinyRun(box_.Write("other.txt", SomeText(9000)), "c", "1");
  const Outcome outcome = box_.Run(Start{other, "", {"CLLM_CACHE_LIMIT=20K"}, {}});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("had more than 20.0 KiB"));
  EXPECT_EQ(nlohmann::json::parse(box_.Run({"runs", "cache", "--json"}).out).at("entries").size(), 1u);
}

TEST_F(RunsCommands, Inspect_SaysFirstWhatAPersonWantsToKnow) {
  Train("book.txt", "run", "3");
  const Outcome outcome = box_.Run({"inspect", "run"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find("run         run, finished\ntext        book.txt\nsteps       3 of 3, "), 0u)
      << outcome.out;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("bits per byte"), HasSubstr("generate run -p"),
                                 HasSubstr("resume run --steps 6"), Not(HasSubstr("query_key_value"))));
  EXPECT_THAT(box_.Run({"inspect", "run", "--tensors"}).out, HasSubstr("query_key_value"));
}

}  // namespace
}  // namespace cllm::testing
