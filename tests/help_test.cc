#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "program.h"

// What the program says of itself, the same in all commands.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Help : public ::testing::Test {
 protected:
  std::string Out(std::vector<std::string> arguments) {
    const Outcome outcome = box_.Run(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }
  void ExpectUsage(std::vector<std::string> arguments, const std::string& sentence) {
    const Outcome outcome = box_.Run(std::move(arguments));
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(StartsWith("cllm: "), HasSubstr(sentence)));
  }
  Sandbox box_;
};

TEST_F(Help, EveryWayOfAsking) {
  const std::string overview = Out({"help"});
  EXPECT_THAT(overview, AllOf(HasSubstr("generate"), HasSubstr("CLLM_CACHE"), HasSubstr("Exit codes")));
  EXPECT_EQ(Out({"--help"}), overview);
  EXPECT_EQ(Out({"-h"}), overview);
  for (const std::string command : {"train", "resume", "eval", "generate", "tokenize", "inspect", "bench", "help"}) {
    const std::string page = Out({"help", command});
    EXPECT_THAT(page, HasSubstr("cllm " + command));
    EXPECT_EQ(Out({command, "--help"}), page);
    EXPECT_EQ(Out({command, "-h"}), page);
  }
  EXPECT_EQ(Out({"help", "bench", "train"}), Out({"bench", "train", "--help"}));
  EXPECT_EQ(Out({"help", "train"}), Out({"--help", "train"}));
}

TEST_F(Help, Version_EveryWayOfAsking) {
  const std::string version = Out({"version"});
  EXPECT_THAT(version, AllOf(StartsWith("cllm "), HasSubstr("numerics")));
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--version"}, {"-V"}, {"train", "--version"}, {"generate", "-V"}, {"bench", "-V"}}) {
    EXPECT_EQ(Out(words), version);
  }
}

TEST_F(Help, MistypedCommands_NameTheNearest) {
  ExpectUsage({"help", "trian"}, "did you mean train?");
  ExpectUsage({"generat", "run"}, "did you mean generate?");
  ExpectUsage({"help", "bench", "kernel"}, "did you mean kernels?");
  ExpectUsage({"verson"}, "did you mean version?");
}

TEST_F(Help, OptionOfAnotherCommand_SaysWhose) {
  ExpectUsage({"train", "x.txt", "--top-k", "4"}, "cllm train` but of `");
  ExpectUsage({"generate", "run", "--stride=4"}, "cllm generate` but of `");
  ExpectUsage({"eval", "run", "x.txt", "--pieces"}, "cllm tokenize`");
  ExpectUsage({"tokenize", "run", "--lr", "1"}, "cllm train`");
}

TEST_F(Help, MistypedOptions_NameTheNearest) {
  ExpectUsage({"generate", "run", "--tmep", "1"}, "did you mean --temp?");
  ExpectUsage({"generate", "run", "-threads", "1"}, "did you mean --threads?");
  ExpectUsage({"eval", "run", "x", "--jsno"}, "did you mean --json?");
  ExpectUsage({"resume", "run", "--step", "5"}, "did you mean --steps?");
  ExpectUsage({"resume", "run", "--hlep"}, "did you mean --help?");
  ExpectUsage({"version", "more"}, "'more' is one argument too many");
}

TEST_F(Help, MistypedVariables_AreTold) {
  Start start{{"version"}, "", {"CLLM_THREDS=2", "CLLM_SEEED=1", "CLLM_QQQ=1"}, {}};
  const Outcome outcome = box_.Run(start);
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("CLLM_THREDS is none that cllm reads; did you mean CLLM_THREADS?"),
                                 HasSubstr("CLLM_SEEED is none that cllm reads; did you mean CLLM_SEED?"),
                                 HasSubstr("CLLM_QQQ is none that cllm reads\n")));
  start.environment = {"CLLM_THREADS=2", "CLLM_TOP_K=4", "CLLM_EVAL_EVERY=3", "CLLM_SLOW=1"};
  EXPECT_EQ(box_.Run(start).err, "");
}

TEST_F(Help, Variables_OutOfRange_AreNamed) {
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"generate", "run"}, {"eval", "run", "x.txt"}}) {
    const Outcome outcome = box_.Run(Start{words, "", {"CLLM_THREADS=many"}, {}});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("--threads is 'many'"), HasSubstr("environment variable CLLM_THREADS")));
  }
}

TEST_F(Help, Page_ForMan_HasNoWarnings) {
  const std::string page = Out({"help", "--man"});
  EXPECT_THAT(page, AllOf(StartsWith(".TH CLLM 1"), HasSubstr("\\-\\-top\\-k"), HasSubstr("CLLM_CACHE")));
  const std::string path = box_.Write("cllm.1", page), told = box_.path("told");
  for (const std::string checker : {"groff -ww -man -Tutf8 -z ", "mandoc -Tlint -W style "}) {
    ASSERT_EQ(std::system(("command -v " + checker.substr(0, checker.find(' ')) + " >/dev/null").c_str()), 0)
        << checker << ": not installed (scripts/packages.sh)";
    const int status = std::system((checker + path + " >" + told + " 2>&1").c_str());
    EXPECT_EQ(status, 0) << ReadAll(told);
    EXPECT_EQ(ReadAll(told), "");
  }
}

TEST_F(Help, OfFlagsThatExclude) {
  ExpectUsage({"help", "--man", "--markdown"}, "contradict");
  ExpectUsage({"help", "--man", "train"}, "'train'");
}

}  // namespace
}  // namespace cllm::testing
