#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "ports.h"
#include "program.h"

namespace cllm::testing {
namespace {

using ::testing::HasSubstr;
using Json = nlohmann::json;

class ServedRun : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string text = sandbox_.Write("text.txt", SomeText(4000));
    ASSERT_EQ(sandbox_.Run(TinyRun(text, sandbox_.path("book"), "5")).exit_code, 0);
  }
  // Serves the run until `meanwhile` is over, and then stops it.
  Outcome Serve(std::vector<std::string> options, int signal, const std::function<void(uint16_t port)>& meanwhile,
                std::vector<std::string> environment = {}) {
    const uint16_t port = FreePort();
    std::vector<std::string> arguments = {"serve", sandbox_.path("book"), "--port", std::to_string(port)};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return sandbox_.Run(Start{.arguments = arguments, .environment = environment, .meanwhile = [&](int pid) {
                                meanwhile(port);
                                kill(pid, signal);
                              }});
  }

  Sandbox sandbox_;
};

TEST_F(ServedRun, SaysWhatGenerateSays_AndStopsWhenAsked) {
  const Outcome generated =
      sandbox_.Run({"generate", sandbox_.path("book"), "-p", "the ", "-n", "20", "--seed", "4", "--json"});
  ASSERT_EQ(generated.exit_code, 0) << generated.err;
  std::string text;
  const Outcome served = Serve({}, SIGINT, [&](uint16_t port) {
    const Json body = {{"prompt", "the "}, {"max_tokens", 20}, {"seed", 4}};
    text = Json::parse(AskUntilAnswered(port, PostText("/v1/completions", body.dump())).body)["choices"][0]["text"];
  });
  EXPECT_EQ(text, Json::parse(generated.out)["text"]);
  EXPECT_EQ(served.exit_code, 130) << served.err;
  EXPECT_EQ(served.out, "");
  EXPECT_THAT(served.err, HasSubstr("serving 'book'"));
  EXPECT_THAT(served.err, HasSubstr("/v1, no key needed; Ctrl-C stops"));
}

TEST_F(ServedRun, KeyFromTheEnvironment_IsAskedFor_AndSigtermStops) {
  const Outcome served = Serve({}, SIGTERM, [](uint16_t port) {
    EXPECT_EQ(AskUntilAnswered(port, GetText("/v1/models")).status, 401);
    EXPECT_EQ(Call(port, GetText("/v1/models", "Authorization: Bearer of-the-environment\r\n")).status, 200);
  }, {"CLLM_API_KEY=of-the-environment"});
  EXPECT_EQ(served.exit_code, 143) << served.err;
  EXPECT_THAT(served.err, HasSubstr("with the API key"));
  EXPECT_EQ(served.err.find("of-the-environment"), std::string::npos);
}

TEST_F(ServedRun, PortThatIsTaken_IsTold) {
  Serve({}, SIGINT, [&](uint16_t port) {
    AskUntilAnswered(port, GetText("/health"));
    const Outcome second = sandbox_.Run({"serve", sandbox_.path("book"), "--port", std::to_string(port)});
    EXPECT_EQ(second.exit_code, 1);
    EXPECT_THAT(second.err, HasSubstr("--port N names another"));
  });
}

TEST_F(ServedRun, WhatCannotBeServed_IsRefused) {
  const std::string book = sandbox_.path("book");
  struct Case {
    std::vector<std::string> arguments;
    int exit_code;
    const char* sentence;
  };
  for (const Case& each :
       {Case{{"serve"}, 2, "MODEL"}, Case{{"serve", sandbox_.path("none")}, 3, "found nothing there"},
        Case{{"serve", book, "--host", "0.0.0.0"}, 2, "it needs --api-key"},
        Case{{"serve", book, book}, 2, "two models are called 'book'"},
        Case{{"serve", "x=" + book, "x=" + book}, 2, "two models are called 'x'"},
        Case{{"serve", book, "--port", "65536"}, 2, "from 0 to 65535"},
        Case{{"serve", book, "--host", "not-a-host"}, 2, "it needs --api-key"},
        Case{{"serve", book, "--host", "not-a-host", "--api-key", "k"}, 2, "is no address"},
        Case{{"serve", book, "--weights", "f8"}, 2, "f8"}}) {
    const Outcome outcome = sandbox_.Run(each.arguments);
    EXPECT_EQ(outcome.exit_code, each.exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(each.sentence));
  }
}

}  // namespace
}  // namespace cllm::testing
