#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <nlohmann/json.hpp>

#include "ports.h"
#include "program.h"

namespace cllm::testing {
namespace {

using ::testing::HasSubstr;
using Parsed = nlohmann::json;

class DashboardProgram : public ::testing::Test {
 protected:
  Parsed Got(uint16_t port, const std::string& path) {
    const HttpReply reply = AskUntilAnswered(port, GetText(path));
    EXPECT_EQ(reply.status, 200) << path << "\n" << reply.body;
    return Parsed::parse(reply.body, nullptr, false);
  }
  // Asks with the page's token.
  int Post(uint16_t port, const std::string& path) {
    const std::string page = AskUntilAnswered(port, GetText("/")).body, before = "name=\"cllm-token\" content=\"";
    const size_t at = page.find(before) + before.size();
    return Call(port, PostText(path, "{}", "X-Cllm-Token: " + page.substr(at, page.find('"', at) - at) + "\r\n"))
        .status;
  }
  // Asks again until the run is in that state.
  void AwaitState(uint16_t port, const std::string& run, const std::string& state) {
    EXPECT_TRUE(WaitFor([&] {
      const Parsed list = Got(port, "/api/runs");
      for (const Parsed& each : list["runs"]) {
        if (each["id"] == run && each["state"] == state) return true;
      }
      return false;
    })) << run << " " << state;
  }
  std::vector<std::string> Long(const std::string& out, std::vector<std::string> more) {
    std::vector<std::string> arguments =
        TinyRun(sandbox_.Write("text.txt", SomeText(4000)), sandbox_.path(out), "100000000");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  Sandbox sandbox_;
};

TEST_F(DashboardProgram, ShowsTheRunsOfADirectory_UntilItIsStopped) {
  ASSERT_EQ(
      sandbox_.Run(TinyRun(sandbox_.Write("text.txt", SomeText(4000)), sandbox_.path("runs/book"), "5")).exit_code, 0);
  const uint16_t port = FreePort();
  const Outcome shown =
      sandbox_.Run(Start{.arguments = {"dashboard", "--port", std::to_string(port)}, .meanwhile = [&](int pid) {
                           const Parsed list = Got(port, "/api/runs");
                           ASSERT_EQ(list["runs"].size(), 1u);
                           EXPECT_EQ(list["runs"][0]["id"], "runs~book");
                           EXPECT_EQ(list["runs"][0]["state"], "finished");
                           EXPECT_EQ(Got(port, "/api/runs/runs~book")["step"], 5);
                           kill(pid, SIGINT);
                         }});
  EXPECT_EQ(shown.exit_code, 130) << shown.err;
  EXPECT_EQ(shown.out, "");
  EXPECT_THAT(shown.err, HasSubstr("showing one run; Ctrl-C stops"));
  EXPECT_THAT(shown.err, HasSubstr("dashboard: http://127.0.0.1:" + std::to_string(port) + "/"));
  EXPECT_THAT(shown.err, HasSubstr("ssh -N -L " + std::to_string(port) + ":localhost:" + std::to_string(port)));
}

TEST_F(DashboardProgram, TrainingShowsItself_AndStopsWhenItsPageAsks) {
  const uint16_t port = FreePort();
  const Outcome trained =
      sandbox_.Run(Start{.arguments = Long("run", {"--dashboard=" + std::to_string(port)}), .meanwhile = [&](int) {
                           AwaitState(port, "run", "running");
                           const Parsed run = Got(port, "/api/runs/run");
                           EXPECT_EQ(run["live"], true);
                           EXPECT_EQ(run["controls"], (Parsed{"save", "stop", "sample"}));
                           EXPECT_EQ(Call(port, PostText("/api/runs/run/stop", "{}")).status, 403);
                           EXPECT_EQ(Post(port, "/api/runs/run/stop"), 202);
                         }});
  EXPECT_EQ(trained.exit_code, 130) << trained.err;
  EXPECT_THAT(trained.err, HasSubstr("dashboard: http://127.0.0.1:" + std::to_string(port)));
  EXPECT_TRUE(Exists(sandbox_.path("run/checkpoints")));
  EXPECT_EQ(sandbox_.Run({"inspect", sandbox_.path("run"), "--verify"}).exit_code, 0);
}

TEST_F(DashboardProgram, AnotherProcess_IsShownAsItGoes_SavesAndStops) {
  const uint16_t port = FreePort();
  const auto dashboard =
      Start{.arguments = {"dashboard", ".", "--port", std::to_string(port)}, .meanwhile = [&](int pid) {
              const Outcome trained = sandbox_.Run(
                  Start{.arguments = Long("run", {}), .meanwhile = [&](int) {
                          AwaitState(port, "run", "running");
                          const Parsed run = Got(port, "/api/runs/run");
                          EXPECT_EQ(run["live"], false);
                          EXPECT_EQ(run["controls"], (Parsed{"save", "stop"}));
                          EXPECT_EQ(Post(port, "/api/runs/run/sample"), 409);
                          EXPECT_EQ(Post(port, "/api/runs/run/save"), 202);
                          EXPECT_TRUE(WaitFor([&] { return Got(port, "/api/runs/run")["checkpoints"].size() > 1; }));
                          EXPECT_EQ(Post(port, "/api/runs/run/stop"), 202);
                        }});
              EXPECT_EQ(trained.exit_code, 129) << trained.err;
              AwaitState(port, "run", "stopped");
              EXPECT_EQ(Post(port, "/api/runs/run/stop"), 409);
              kill(pid, SIGTERM);
            }};
  EXPECT_EQ(sandbox_.Run(dashboard).exit_code, 143);
}

TEST_F(DashboardProgram, PortThatIsTaken_IsToldBeforeTheWork_OrPassedBy) {
  const uint16_t port = FreePort();
  sandbox_.Run(Start{.arguments = {"dashboard", "--port", std::to_string(port)}, .meanwhile = [&](int pid) {
    Got(port, "/api/runs");
    const Outcome train = sandbox_.Run(Long("run", {"--dashboard=" + std::to_string(port)}));
    EXPECT_EQ(train.exit_code, kFailed);
    EXPECT_THAT(train.err, HasSubstr("--dashboard=PORT names another"));
    EXPECT_FALSE(Exists(sandbox_.path("run")));
    EXPECT_EQ(sandbox_.Run({"dashboard", "--port", std::to_string(port)}).exit_code, kFailed);
    kill(pid, SIGINT);
  }});
  for (const char* wrong : {"--dashboard=x", "--dashboard=65536", "--dashboard="}) {
    const Outcome train = sandbox_.Run(Long("run", {wrong}));
    EXPECT_EQ(train.exit_code, kUsage) << wrong;
    EXPECT_THAT(train.err, HasSubstr("--dashboard")) << wrong;
  }
}

TEST_F(DashboardProgram, TwoWithoutAPort_TakeTwo) {
  std::string first, second;
  const auto port_of = [](const std::string& err) { return err.substr(err.find("dashboard: ") + 11, 40); };
  std::vector<std::string> arguments = TinyRun(sandbox_.Write("text.txt", SomeText(4000)), sandbox_.path("a"), "3");
  arguments.push_back("--dashboard");
  const Outcome outer = sandbox_.Run(Start{.arguments = Long("outer", {"--dashboard"}), .meanwhile = [&](int pid) {
    EXPECT_TRUE(WaitFor([&] { return Exists(sandbox_.path("outer/log.jsonl")); }));
    const Outcome inner = sandbox_.Run(arguments);
    EXPECT_EQ(inner.exit_code, 0) << inner.err;
    second = port_of(inner.err);
    kill(pid, SIGINT);
  }});
  first = port_of(outer.err);
  EXPECT_THAT(first, HasSubstr("http://127.0.0.1:70"));
  EXPECT_NE(first, second);
}

TEST_F(DashboardProgram, WhatIsNoPlace_IsRefused) {
  const Outcome nothing = sandbox_.Run({"dashboard", sandbox_.path("nothing")});
  EXPECT_EQ(nothing.exit_code, kBadInput);
  EXPECT_THAT(nothing.err, HasSubstr("found nothing there"));
  EXPECT_EQ(sandbox_.Run({"dashboard", sandbox_.Write("file", "x")}).exit_code, kBadInput);
  EXPECT_EQ(sandbox_.Run({"dashboard", "--port", "70000"}).exit_code, kUsage);
}

}  // namespace
}  // namespace cllm::testing
