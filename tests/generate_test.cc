#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "program.h"

namespace cllm::testing {
namespace {

using ::testing::HasSubstr;

class GenerateCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> arguments = TinyRun(box_.Write("text.txt", SomeText(4000)), box_.path("run"), "1");
    ASSERT_EQ(box_.Run(arguments).exit_code, 0);
  }
  Outcome Generate(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"generate", box_.path("run"), "-n", "150"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return box_.Run(arguments);
  }
  Sandbox box_;
};

TEST_F(GenerateCommand, Seed_RepeatsTheText) {
  const Outcome first = Generate({"-p", "the river", "--seed", "7"});
  EXPECT_EQ(first.exit_code, 0);
  EXPECT_EQ(first.out, Generate({"-p", "the river", "--seed", "7"}).out);
  EXPECT_NE(first.out, Generate({"-p", "the river", "--seed", "8"}).out);
}

TEST_F(GenerateCommand, UntrainedByteModel_BreaksNeitherJsonNorLog) {
  const Outcome outcome = Generate({"-p", "x", "--json", "--temp", "2"});
  ASSERT_EQ(outcome.exit_code, 0);
  EXPECT_TRUE(nlohmann::json::accept(outcome.out));
  std::istringstream lines(ReadAll(box_.path("run/log.jsonl")));
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(nlohmann::json::accept(line));
}

TEST_F(GenerateCommand, Weights_InFewerBits_GiveATextOfTheirOwn_AndNearlyTheSameQuality) {
  const auto bits = [&](const std::string& format) {
    const Outcome outcome = box_.Run({"eval", box_.path("run"), box_.path("text.txt"), "--weights", format, "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const nlohmann::json result = nlohmann::json::parse(outcome.out);
    EXPECT_EQ(result["weights"], format);
    return result["bits_per_byte"].get<double>();
  };
  const double exact = bits("f32");
  for (const std::string format : {"bf16", "q8_0"}) {
    EXPECT_NE(bits(format), exact);
    EXPECT_NEAR(bits(format), exact, 0.02);
    EXPECT_NE(Generate({"-p", "x", "--logprobs", "--weights", format}).out, Generate({"-p", "x", "--logprobs"}).out);
  }
  const Outcome unknown = Generate({"--weights", "q4_0"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("--weights is 'q4_0', expected f32, bf16, q8_0"));
}

TEST_F(GenerateCommand, Echo_PrintsThePromptFirst) {
  EXPECT_THAT(Generate({"-p", "the river", "--echo"}).out, ::testing::StartsWith("the river"));
}

TEST_F(GenerateCommand, Tokenize_RoundTrips) {
  const std::string text = "Stone bridges, \xC3\xA9t\xC3\xA9\n";
  const Outcome ids = box_.Run(Start{{"tokenize", box_.path("run")}, text, {}, {}});
  ASSERT_EQ(ids.exit_code, 0);
  EXPECT_EQ(box_.Run(Start{{"tokenize", box_.path("run"), "-d"}, ids.out, {}, {}}).out, text);
}

TEST_F(GenerateCommand, Inspect_ShowsModelAndLattice) {
  EXPECT_THAT(box_.Run({"inspect", box_.path("run")}).out, HasSubstr("layers.0.query_key_value"));
  EXPECT_THAT(box_.Run({"inspect", box_.path("run"), "--verify"}).out, HasSubstr("every hash is right"));
  EXPECT_THAT(box_.Run({"inspect", box_.path("run"), "--memory"}).out, HasSubstr("accumulators"));
  EXPECT_THAT(box_.Run({"inspect", box_.path("run"), "lattice", "A"}).out, HasSubstr("3 (capital)"));
  EXPECT_EQ(box_.Run({"inspect", box_.path("run"), "lattice", "nosuchtoken"}).exit_code, 2);
}

TEST_F(GenerateCommand, Inspect_Json_IsOneObjectWhateverIsAsked) {
  const auto inspect = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"inspect", box_.path("run"), "--json"});
    return nlohmann::json::parse(box_.Run(more).out);
  };
  const auto model = inspect({});
  EXPECT_EQ(model.at("width"), 16);
  ASSERT_FALSE(model.at("checkpoints").empty());
  EXPECT_EQ(model.at("checkpoints").at(0).at("step"), model.at("checkpoints").at(0).at("steps"));
  const auto memory = inspect({"--memory"});
  EXPECT_GT(memory.at("total_bytes"), memory.at("accumulators_bytes"));
  const auto checked = inspect({"--verify"}).at("checkpoints");
  ASSERT_EQ(checked.size(), model.at("checkpoints").size());
  EXPECT_TRUE(checked.at(0).at("fault").is_null());
  EXPECT_EQ(inspect({"lattice", "A"}).at("token"), "A");
  EXPECT_EQ(inspect({"lattice"}).at("tokens"), model.at("vocabulary"));
}

TEST_F(GenerateCommand, Inspect_Verify_TakesEveryWayOfNamingACheckpoint) {
  for (const std::string which : {"run@latest", "run@best", "run/latest"}) {
    const Outcome outcome = box_.Run({"inspect", box_.path(which), "--verify"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("every hash is right")) << which;
  }
}

}  // namespace
}  // namespace cllm::testing
