#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "program.h"
#include "pty_session.h"

// `cllm watch` in terminals of all kinds, of runs that other processes train.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kFormerScreen = "\033[?1049l";
constexpr const char* kLocale = "LC_ALL=C.UTF-8";

class Watching : public ::testing::Test {
 protected:
  // Trains for as long as `watched` lasts, which begins when there are steps.
  void WhileItTrains(const std::function<void(int pid)>& watched) {
    const auto has_steps = [&] {
      return Exists(box_.path("run/log.jsonl")) &&
             ReadAll(box_.path("run/log.jsonl")).find("{\"step\":5,") != std::string::npos;
    };
    const Outcome trained = box_.Run(Start{TinyRun("book.txt", "run", "10000000"), "", {}, [&](int pid) {
                                             EXPECT_TRUE(WaitFor(has_steps));
                                             watched(pid);
                                             kill(pid, SIGINT);
                                           }});
    EXPECT_EQ(trained.exit_code, 128 + SIGINT) << trained.err;
  }
  Outcome Once(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), "watch");
    return box_.Run(Start{.arguments = std::move(arguments), .input = "", .environment = std::move(environment)});
  }

  Sandbox box_;
  std::string text_ = box_.Write("book.txt", SomeText(20000));
};

TEST_F(Watching, FinishedRun_IsOnePicture) {
  ASSERT_EQ(box_.Run(TinyRun("book.txt", "run", "20")).exit_code, 0);
  const Outcome ascii = Once({"run"}, {"LC_ALL=C"});
  EXPECT_EQ(ascii.exit_code, 0) << ascii.err;
  EXPECT_THAT(ascii.out, AllOf(StartsWith("run  finished"), HasSubstr("step 20\n"), HasSubstr("bits/byte"),
                               HasSubstr("+---"), Not(HasSubstr("\033")), Not(HasSubstr("\xE2"))));
  const Outcome unicode = Once({"run", "--once", "--x", "tokens", "--log-x"}, {kLocale, "TERM=xterm"});
  EXPECT_THAT(unicode.out, AllOf(HasSubstr("└──"), Not(HasSubstr("\033"))));
  EXPECT_EQ(Once({"run/log.jsonl"}).exit_code, 0);
}

TEST_F(Watching, RunOfAnotherProcess_IsFollowedToItsEnd) {
  WhileItTrains([this](int pid) {
    PtySession watch(box_, {"watch", "run"}, {kLocale});
    watch.Expect("\033[?1049h");
    watch.Expect("running");
    watch.Expect("training");
    watch.Expect("\033[H");  // drawn anew
    kill(pid, SIGINT);
    watch.Expect(kFormerScreen);
    watch.Expect("stopped");
    EXPECT_EQ(watch.End(), 0);
    EXPECT_THAT(watch.shown(), HasSubstr("└──"));
  });
}

TEST_F(Watching, KeysAndCtrlC_EndIt_AndGiveTheTerminalBack) {
  WhileItTrains([this](int) {
    for (const auto& [key, code] : {std::pair{"q", 0}, {kCtrlC, 128 + SIGINT}}) {
      PtySession watch(box_, {"watch", "run"});
      watch.Expect("running");
      watch.Expect("\033[J");
      watch.Type(key);
      watch.Expect(kFormerScreen);
      EXPECT_EQ(watch.End(), code);
    }
    PtySession stopped(box_, {"watch", "run"});
    stopped.Expect("running");
    kill(stopped.pid(), SIGTERM);
    stopped.Expect(kFormerScreen);
    EXPECT_EQ(stopped.End(), 128 + SIGTERM);
  });
}

TEST_F(Watching, Window_IsFollowed) {
  WhileItTrains([this](int) {
    PtySession watch(box_, {"watch", "run"}, {"LC_ALL=C"});
    watch.Expect("+" + std::string(193, '-') + "\033[K");
    watch.Resize(40, 30);
    watch.Expect("+" + std::string(33, '-') + "\033[K");
    watch.Type("x");
    watch.Expect("\033[H");
    watch.Resize(10, 5);
    watch.Expect("\033[J");
    watch.Type("q");
    EXPECT_EQ(watch.End(), 0);
  });
}

TEST_F(Watching, DumbTerminal_GetsLines) {
  WhileItTrains([this](int pid) {
    PtySession watch(box_, {"watch", "run"}, {"TERM=dumb"});
    watch.Expect("step ");
    kill(pid, SIGINT);
    watch.Expect("stopped");
    EXPECT_EQ(watch.End(), 0);
    EXPECT_THAT(watch.shown(), Not(HasSubstr("\033")));
  });
}

TEST_F(Watching, NoRun_IsToldAsASentence) {
  const Outcome outcome = Once({"nowhere"});
  EXPECT_EQ(outcome.exit_code, kBadInput);
  EXPECT_THAT(outcome.err, HasSubstr("nothing there"));
  box_.Write("folder/file", "x");
  EXPECT_EQ(Once({"folder"}).exit_code, kBadInput);
  EXPECT_EQ(Once({"folder", "--x", "day"}).exit_code, kUsage);
}

TEST_F(Watching, DamagedLogs_AreShownAsFarAsTheyGo) {
  for (const std::string& log : {std::string(), std::string("no JSON at all"), std::string("\0\xff\x1b[2J\n", 8),
                                 std::string(R"({"step":1,"loss":1e308,"loss_token":-1e308}
{"step":2,"loss":null,"loss_token":null,"nan":true}
)")}) {
    box_.Write("log.jsonl", log);
    const Outcome outcome = Once({"log.jsonl"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, Not(HasSubstr("\033")));
  }
}

}  // namespace
}  // namespace cllm::testing
