#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"

namespace cllm::testing {
namespace {

using ::testing::HasSubstr;

Outcome RunScript(const Sandbox& box, std::vector<std::string> arguments) {
  Start start{std::move(arguments), "", {}, {}};
  start.script = "scaling";
  return box.Run(start);
}

TEST(ScalingScript, WrongOptions_AreUsageErrors) {
  const Sandbox box;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--program"}, {"--nothing"}, {"--limit", "soon"}, {"--limit", "1h"}, {"one.txt", "two.txt"}}) {
    const Outcome outcome = RunScript(box, arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("scaling: "));
  }
}

TEST(ScalingScript, WhatIsNotThere_IsBadInput) {
  const Sandbox box;
  const Outcome program = RunScript(box, {"--program", "/no/such/cllm"});
  EXPECT_EQ(program.exit_code, 3);
  EXPECT_THAT(program.err, HasSubstr("/no/such/cllm"));
  const Outcome text = RunScript(box, {"--program", ProgramPath(), "/no/such/text.txt"});
  EXPECT_EQ(text.exit_code, 3);
  EXPECT_THAT(text.err, HasSubstr("/no/such/text.txt"));
}

TEST(ScalingScript, WithAProgram_WritesTheWholeReport) {
  const Sandbox box;
  const Outcome outcome =
      RunScript(box, {"--program", ProgramPath(), "--out", "report", box.Write("text.txt", SomeText(30000)), "--",
                      "--context", "64", "--batch", "6", "--threads", "1,2,5", "--steps", "5", "--learn-steps", "60"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(nlohmann::json::parse(ReadAll(box.path("report/scaling.json")))["rows"].size(), 3u);
  EXPECT_THAT(ReadAll(box.path("report/scaling.html")), HasSubstr("<svg "));
  EXPECT_THAT(ReadAll(box.path("report/scaling.txt")), HasSubstr("the same for all"));
  // Ten symbols, or the sentence that says why there are none.
  EXPECT_THAT(ReadAll(box.path("report/profile.txt")), ::testing::AnyOf(HasSubstr("%"), HasSubstr("No profile")));
  EXPECT_FALSE(Exists(box.path("report/perf.data")));
}

TEST(ScalingScript, AnErrorOfTheProgram_IsTheScripts) {
  const Sandbox box;
  EXPECT_EQ(RunScript(box, {"--program", ProgramPath(), "--", "--threads", "1,1"}).exit_code, 2);
}

}  // namespace
}  // namespace cllm::testing
