#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "program.h"

namespace cllm::testing {
namespace {

using ::testing::HasSubstr;

std::string FromBase64(const std::string& text) {
  static const std::string kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t group = 0;
  for (size_t i = 0; i < text.size() && text[i] != '='; ++i) {
    group = group << 6 | static_cast<uint32_t>(kDigits.find(text[i]));
    if (i % 4 > 0) bytes += static_cast<char>(group >> (6 - 2 * (i % 4)));
  }
  return bytes;
}

class GenerateCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::vector<std::string> arguments = TinyRun(box_.Write("text.txt", SomeText(4000)), box_.path("run"), "1");
    ASSERT_EQ(box_.Run(arguments).exit_code, 0);
  }
  Outcome Generate(std::vector<std::string> more) {
    if (std::ranges::find(more, "-n") == more.end()) more.insert(more.end(), {"-n", "150"});
    more.insert(more.begin(), {"generate", box_.path("run")});
    return box_.Run(more);
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

TEST_F(GenerateCommand, WithoutASeed_TheRandomOneThatIsToldRepeatsTheText) {
  const Outcome first = Generate({"-p", "the river", "--temp", "3"});
  const Outcome second = Generate({"-p", "the river", "--temp", "3"});
  EXPECT_NE(first.err, second.err);
  EXPECT_NE(first.out, second.out);
  ASSERT_THAT(first.err, ::testing::StartsWith("note: seed "));
  const std::string seed = first.err.substr(11, first.err.find(';') - 11);
  const Outcome again = Generate({"-p", "the river", "--temp", "3", "--seed", seed});
  EXPECT_EQ(again.out, first.out);
  EXPECT_EQ(again.err, "");
  EXPECT_EQ(Generate({"--temp", "0"}).err, "");  // no seed is used
  // A seed of the environment is one that was named.
  const Outcome named = box_.Run(Start{
      {"generate", box_.path("run"), "-n", "150", "-p", "the river", "--temp", "3"}, "", {"CLLM_SEED=" + seed}, {}});
  EXPECT_EQ(named.out, first.out);
  EXPECT_EQ(named.err, "");
}

std::vector<nlohmann::json> JsonLines(const std::string& text) {
  std::vector<nlohmann::json> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) objects.push_back(nlohmann::json::parse(line));
  return objects;
}

// Each of several is the text that its seed gives alone, on any number of threads.
TEST_F(GenerateCommand, Count_GivesTheTextsOfTheSeedsAlone) {
  const Outcome several = Generate({"-p", "the", "--count", "70", "--seed", "5", "--json", "-n", "20"});
  ASSERT_EQ(several.exit_code, 0) << several.err;
  EXPECT_THAT(several.err, HasSubstr("seeds 5 to 74"));
  const std::vector<nlohmann::json> texts = JsonLines(several.out);
  ASSERT_EQ(texts.size(), 70u);
  EXPECT_EQ(Generate({"-p", "the", "--count", "70", "--seed", "5", "--json", "-n", "20", "--threads", "3"}).out,
            several.out);
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(texts[i]["seed"], 5 + i);
  EXPECT_NE(texts[0]["ids"], texts[1]["ids"]);
  for (const size_t i : {0, 1, 69}) {
    const Outcome alone = Generate({"-p", "the", "--seed", std::to_string(5 + i), "--json", "-n", "20"});
    EXPECT_EQ(nlohmann::json::parse(alone.out), texts[i]);
  }
}

TEST_F(GenerateCommand, Count_AsText_SaysWhichSeedMadeEach) {
  const std::string out = Generate({"-p", "the", "--count", "3", "--seed", "8", "-n", "30"}).out;
  std::string expected;
  for (const std::string seed : {"8", "9", "10"}) {
    expected += "--- seed " + seed + "\n" + Generate({"-p", "the", "--seed", seed, "-n", "30"}).out;
  }
  EXPECT_EQ(out, expected);
  const Outcome beyond = Generate({"--count", "2", "--seed", "9223372036854775807"});
  EXPECT_EQ(beyond.exit_code, 2);
  EXPECT_THAT(beyond.err, HasSubstr("--seed"));
  EXPECT_EQ(Generate({"--count", "0"}).exit_code, 2);
}

size_t Newlines(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

// Line i of the input is line i of the output, whatever the file's habits.
TEST_F(GenerateCommand, Prompts_LinesStayAligned) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"one\r\ntwo\r\n", {"one", "two"}},
      {"one\n\nthree\n", {"one", "", "three"}},
      {"\xEF\xBB\xBFone\ntwo", {"one", "two"}},
      {"\r\none\n\n", {"", "one", ""}},
      {"\\n\n", {"\\n"}}};
  for (const auto& [content, prompts] : cases) {
    const std::string path = box_.Write("prompts.txt", content);
    const Outcome plain = Generate({"--prompts", path, "--seed", "3", "--temp", "2"});
    ASSERT_EQ(plain.exit_code, 0) << plain.err;
    EXPECT_EQ(Newlines(plain.out), prompts.size());
    const std::vector<nlohmann::json> objects = JsonLines(Generate({"--prompts", path, "--seed", "3", "--json"}).out);
    ASSERT_EQ(objects.size(), prompts.size());
    for (size_t i = 0; i < prompts.size(); ++i) {
      EXPECT_EQ(objects[i]["prompt"], prompts[i]);
      EXPECT_EQ(objects[i], nlohmann::json::parse(Generate({"-p", prompts[i], "--seed", "3", "--json"}).out));
    }
    const std::vector<std::string> piped = {"generate", box_.path("run"), "-n",   "150",    "--prompts",
                                            "-",        "--seed",         "3",    "--temp", "2"};
    EXPECT_EQ(box_.Run(Start{piped, content, {}, {}}).out, plain.out);
  }
  EXPECT_EQ(Generate({"--prompts", box_.Write("none.txt", "")}).exit_code, 3);
  EXPECT_EQ(Generate({"--prompts", box_.path("missing.txt")}).exit_code, 3);
}

TEST_F(GenerateCommand, Prompts_WithCount_AreInTheOrderOfLinesAndSeeds) {
  const std::string path = box_.Write("prompts.txt", "one\ntwo\n");
  const auto objects = JsonLines(Generate({"--prompts", path, "--count", "2", "--seed", "6", "--json"}).out);
  ASSERT_EQ(objects.size(), 4u);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(objects[i]["prompt"], i < 2 ? "one" : "two");
    EXPECT_EQ(objects[i]["seed"], 6 + i % 2);
  }
}

TEST_F(GenerateCommand, File_IsThePromptWithoutTheEditorsNewline) {
  const Outcome expected = Generate({"-p", "the river", "--seed", "2", "--echo"});
  for (const std::string content : {"the river", "the river\n", "the river\r\n", "\xEF\xBB\xBFthe river\n"}) {
    EXPECT_EQ(Generate({"-f", box_.Write("prompt.txt", content), "--seed", "2", "--echo"}).out, expected.out);
    Start start{{"generate", box_.path("run"), "-n", "150", "-f", "-", "--seed", "2", "--echo"}, content, {}, {}};
    EXPECT_EQ(box_.Run(start).out, expected.out);
  }
  const Outcome two = Generate({"-f", box_.Write("two.txt", "the river\n\n"), "--seed", "2", "--echo"});
  EXPECT_THAT(two.out, ::testing::StartsWith("the river\n"));
}

TEST_F(GenerateCommand, StandardInput_IsNamedOnce) {
  const std::string text = box_.path("text.txt"), run = box_.path("run");
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"generate", run, "-f", "-", "--prompts", "-"}, {"tokenize", run, "-", "-"},
        {"eval", run, "-", text, "-"}, {"train", "-", "--val", "-"}, {"bench", "lattice", "-", "-"},
        {"tokenize", run, "-d", "-", "-"}}) {
    const Outcome outcome = box_.Run(Start{words, SomeText(2000), {}, {}});
    EXPECT_EQ(outcome.exit_code, 2) << words[0] << ": " << outcome.err;
  }
  // Once, it is a text as any other.
  const Outcome named = box_.Run({"eval", run, text, "--json"});
  const Outcome piped = box_.Run(Start{{"eval", run, "-", "--json"}, ReadAll(text), {}, {}});
  EXPECT_EQ(piped.out, named.out) << piped.err;
  EXPECT_EQ(box_.Run(Start{{"tokenize", run, "-"}, ReadAll(text), {}, {}}).out, box_.Run({"tokenize", run, text}).out);
}

TEST_F(GenerateCommand, Prompt_BeyondTheContext_IsTold) {
  EXPECT_EQ(Generate({"-p", std::string(31, 'x'), "--seed", "1"}).err, "");  // 32 tokens with begin
  const Outcome cut = Generate({"-p", std::string(1999, 'x'), "--seed", "1", "--json"});
  EXPECT_EQ(cut.err, "note: the prompt has 2,000 tokens, the model's context 32: the first 1,984 are left out\n");
  EXPECT_EQ(nlohmann::json::parse(cut.out)["prompt_left_out"], 1984);
  std::string lines = "short\n";
  for (int i = 0; i < 7; ++i) lines += std::string(40, 'x') + "\n";
  const std::string path = box_.Write("prompts.txt", lines);
  const Outcome many = Generate({"--prompts", path, "--seed", "1", "--count", "2", "-n", "2"});
  EXPECT_THAT(many.err, ::testing::AllOf(HasSubstr("prompt 2 has 41 tokens"), HasSubstr("prompt 6 has 41 tokens"),
                                         ::testing::Not(HasSubstr("prompt 7")), HasSubstr("of 2 prompts more")));
}

// An untrained model writes bytes of all kinds; the text may end with bytes that are no character, never within one.
TEST_F(GenerateCommand, Json_HasIdsAndTheRawText) {
  for (const std::string tokens : {"1", "2", "3", "40", "41", "42", "43"}) {
    std::vector<std::string> words = {"-p", "x",       "--temp", "3",      "--top-k", "0", "--top-p",
                                      "1",  "--min-p", "0",      "--seed", tokens,    "-n", tokens};
    const std::string plain = Generate(words).out;
    words.push_back("--json");
    const auto object = nlohmann::json::parse(Generate(words).out);
    std::string ids;
    for (const auto& id : object["ids"]) ids += std::to_string(id.get<int>()) + " ";
    const std::string decoded = box_.Run(Start{{"tokenize", box_.path("run"), "-d"}, ids, {}, {}}).out;
    const std::string raw = FromBase64(object["text_base64"]);
    ASSERT_TRUE(decoded.starts_with(raw));
    EXPECT_LT(decoded.size() - raw.size(), 4u);
    EXPECT_EQ(object["ids"].size(), object["tokens"].size());
    EXPECT_EQ(object["prompt_ids"], (std::vector<int>{1, 'x' + 3}));
    EXPECT_EQ(plain, raw + "\n");
  }
}

TEST_F(GenerateCommand, Ids_ThatAreNone_AreRefusedWithWordAndPlace) {
  const auto refused = [](const Outcome& outcome, const std::string& sentence) {
    EXPECT_EQ(outcome.exit_code, 3);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr(sentence));
  };
  const std::string run = box_.path("run");
  refused(box_.Run(Start{{"tokenize", run, "-d"}, "107 104\n111 one 3\n", {}, {}}),
          "standard input, line 2, column 5: 'one'");
  refused(box_.Run({"tokenize", run, "-d", box_.Write("ids.txt", "[1, 2, 259]")}), "ids.txt, line 1, column 8: '259'");
  refused(Generate({"--ids", "1,107,x"}), "--ids, line 1, column 7: 'x'");
  refused(Generate({"--ids", ""}), "--ids");
  const Outcome text = Generate({"-p", "the", "--seed", "4", "--echo"});
  EXPECT_EQ(Generate({"--ids", "[1, 119, 107, 104]", "--seed", "4", "--echo"}).out, text.out);
}

TEST_F(GenerateCommand, Paths_WithAnAt_AreThemselves) {
  const std::string text = SomeText(3000);
  for (const std::string name : {"@run", "my@home", "run@latest", "a@b@c"}) {
    ASSERT_EQ(box_.Run(TinyRun(box_.Write("@texts/" + name + ".txt", text), box_.path("at/" + name), "2")).exit_code,
              0);
    for (const std::string which : {"", "@latest", "@2"}) {
      const std::string model = "at/" + name + which;
      EXPECT_EQ(box_.Run({"inspect", model}).exit_code, 0) << model;
      EXPECT_EQ(box_.Run({"tokenize", model, "@texts/" + name + ".txt"}).exit_code, 0) << model;
    }
  }
  const Outcome missing = box_.Run({"generate", "@nothing"});
  EXPECT_EQ(missing.exit_code, 3);
  EXPECT_THAT(missing.err, HasSubstr("@nothing: "));
}

TEST_F(GenerateCommand, Tokenize_RoundTrips) {
  const std::string text = "Stone bridges, \xC3\xA9t\xC3\xA9\n";
  const Outcome ids = box_.Run(Start{{"tokenize", box_.path("run")}, text, {}, {}});
  ASSERT_EQ(ids.exit_code, 0);
  EXPECT_EQ(box_.Run(Start{{"tokenize", box_.path("run"), "-d"}, ids.out, {}, {}}).out, text);
}

TEST_F(GenerateCommand, Inspect_ShowsModelAndLattice) {
  EXPECT_THAT(box_.Run({"inspect", box_.path("run"), "--tensors"}).out, HasSubstr("layers.0.query_key_value"));
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
