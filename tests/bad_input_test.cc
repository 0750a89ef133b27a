#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "program.h"

// Every input that a user may get wrong: one clear sentence, the documented exit code, nothing overwritten.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// One sentence: a single line that starts with the program's name.
void ExpectRefused(const Outcome& outcome, int exit_code, const std::vector<std::string>& words) {
  EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, ::testing::StartsWith("cllm: "));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  for (const std::string& word : words) EXPECT_THAT(outcome.err, HasSubstr(word));
}

class BadInput : public ::testing::Test {
 protected:
  // Trains for one step with more options.
  Outcome Train(const std::string& text, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = TinyRun(text, box_.path("run"), "1");
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = box_.Run(arguments);
    if (outcome.exit_code != 0) {
      EXPECT_FALSE(Exists(box_.path("run"))) << "a refused run left a directory";
    }
    return outcome;
  }
  std::string Good() { return box_.Write("good.txt", SomeText(4000)); }

  Sandbox box_;
};

TEST_F(BadInput, Corpus_Missing) { ExpectRefused(Train(box_.path("no.txt")), kBadInput, {"no.txt"}); }

TEST_F(BadInput, Corpus_Empty) { ExpectRefused(Train(box_.Write("empty.txt", "")), kBadInput, {"empty.txt", "empty"}); }

TEST_F(BadInput, Corpus_Unreadable) {
  const std::string path = Good();
  chmod(path.c_str(), 0);
  Start start{TinyRun(path, box_.path("run"), "1"), "", {}, {}, /*obeys_modes=*/true};
  ExpectRefused(box_.Run(start), kBadInput, {"good.txt", "ermission"});
  EXPECT_FALSE(Exists(box_.path("run")));
}

TEST_F(BadInput, Corpus_Binary) {
  std::string bytes(5000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7919 >> 3);
  ExpectRefused(Train(box_.Write("program.bin", bytes)), kBadInput, {"program.bin", "binary"});
}

TEST_F(BadInput, Corpus_DirectoryWithoutText) {
  box_.Write("pictures/a.png", std::string(100, '\0'));
  ExpectRefused(Train(box_.path("pictures")), kBadInput, {"pictures", "holds no text", "1 binary file", "a.png"});
}

TEST_F(BadInput, Corpus_ShorterThanOneContext) {
  ExpectRefused(Train(box_.Write("short.txt", "Only this.")), kBadInput, {"short.txt", "33"});
}

TEST_F(BadInput, Vocabulary_LargerThanTheTextSupports) {
  ExpectRefused(box_.Run({"train", Good(), "--tokenizer", "bpe:50000", "--steps", "1", "--quiet"}), kBadInput,
                {"50000"});
}

TEST_F(BadInput, InvalidUtf8_IsKeptAndCounted) {
  std::vector<std::string> arguments =
      TinyRun(box_.Write("latin.txt", SomeText(3000) + "caf\xE9 \xFF\xFE\n" + SomeText(1000)), box_.path("run"), "1");
  const Outcome outcome = box_.Run(arguments);
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const Outcome evaluated = box_.Run({"eval", box_.path("run"), box_.path("latin.txt")});
  EXPECT_EQ(evaluated.exit_code, 0) << evaluated.err;
  for (const std::string& told : {outcome.err, evaluated.err}) {
    EXPECT_THAT(told, AllOf(HasSubstr("3 bytes"), HasSubstr("UTF-8")));
    EXPECT_EQ(told.find("valid UTF-8"), told.rfind("valid UTF-8")) << "told once";
  }
}

TEST_F(BadInput, NulBytes_InAText_AreRefusedAsBinary) {
  ExpectRefused(Train(box_.Write("nul.txt", SomeText(100) + std::string(3, '\0') + SomeText(4000))), kBadInput,
                {"nul.txt", "NUL"});
}

TEST_F(BadInput, OneLineOfManyMegabytes_Trains) {
  const bool slow = std::getenv("CLLM_SLOW") != nullptr;
  std::string line = SomeText((slow ? 200u : 20u) << 20);
  std::replace(line.begin(), line.end(), '\n', ' ');
  const Outcome outcome = Train(box_.Write("line.txt", line));
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
}

TEST_F(BadInput, Option_Unknown) { ExpectRefused(Train(Good(), {"--colour", "red"}), kUsage, {"colour"}); }

TEST_F(BadInput, Mistyped_NamesWhatIsNearest) {
  ExpectRefused(Train(Good(), {"--lamda", "0.2"}), kUsage,
                {"--lamda is no option of `", "cllm train`; did you mean --lambda?"});
  ExpectRefused(box_.Run({"trian", Good()}), kUsage, {"trian", "did you mean train?"});
  ExpectRefused(box_.Run({"bench", "kernel"}), kUsage, {"kernel", "did you mean kernels?"});
}

TEST_F(BadInput, Options_ThatContradict) {
  ExpectRefused(Train(Good(), {"--time", "1m"}), kUsage, {"--time", "--steps"});
  ExpectRefused(Train(Good(), {"--item", "9"}), kUsage, {"--item", "--batch"});
}

TEST_F(BadInput, Option_OutOfRange) {
  const std::vector<std::vector<std::string>> cases = {{"--heads", "3"},
                                                       {"--width", "0"},
                                                       {"--batch", "0"},
                                                       {"--lr", "-1"},
                                                       {"--lr", "nan"},
                                                       {"--threads", "0"},
                                                       {"--threads", "100000"},
                                                       {"--steps", "0"},
                                                       {"--dropout", "1"},
                                                       {"--lambda", "-0.1"},
                                                       {"--context", "many"},
                                                       {"--seed", "-5"},
                                                       {"--tokenizer", "bpe:5"},
                                                       {"--precision", "fp7"},
                                                       {"--on-divergence", "pray"},
                                                       {"--layers", "99999999999999999999"}};
  for (const auto& options : cases) {
    std::vector<std::string> arguments = {"train", Good(), "--out", box_.path("run"), "--quiet", "--width", "16"};
    if (options[0] == "--width") arguments.resize(5);
    arguments.insert(arguments.end(), options.begin(), options.end());
    ExpectRefused(box_.Run(arguments), kUsage, {options[0], options[1]});
    EXPECT_FALSE(Exists(box_.path("run")));
  }
}

TEST_F(BadInput, HeadSize_Odd) {
  ExpectRefused(box_.Run({"train", Good(), "--heads", "2", "--width", "10", "--steps", "1"}), kUsage,
                {"head size of 5"});
}

// Of the model's shape: the sentence names the dimension and the values.
TEST_F(BadInput, Shape_ThatContradictsItself_FromOptions) {
  const std::vector<std::pair<std::vector<std::string>, std::vector<std::string>>> cases = {
      {{"--heads", "4", "--kv-heads", "3"}, {"--kv-heads 3", "--heads 4"}},
      {{"--heads", "3", "--kv-heads", "6"}, {"--kv-heads 6", "--heads 3"}},
      {{"--heads", "2", "--head-dim", "7"}, {"--head-dim", "7", "even"}},
      {{"--heads", "2", "--width", "10"}, {"--heads 2", "--width 10", "even"}},
      {{"--kv-heads", "0"}, {"--kv-heads", "'0'", "from 1 to"}},
      {{"--head-dim", "2000"}, {"--head-dim", "'2000'", "to 1024"}},
      {{"--rope-base", "0.5"}, {"--rope-base", "'0.5'", "from 1 to"}},
      {{"--rope-base", "inf"}, {"--rope-base", "'inf'"}},
      {{"--norm-eps", "1"}, {"--norm-eps", "'1'", "to 0.1"}},
      {{"--norm-eps", "0"}, {"--norm-eps", "'0'", "from 1e-12"}},
      {{"--untied=maybe"}, {"--untied", "'maybe'", "true or false"}}};
  for (const auto& [options, words] : cases) {
    std::vector<std::string> arguments = {"train", Good(), "--out", box_.path("run"), "--steps", "1", "--quiet"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    ExpectRefused(box_.Run(arguments), kUsage, words);
    EXPECT_FALSE(Exists(box_.path("run")));
  }
}

TEST_F(BadInput, Shape_ThatContradictsItself_FromAConfiguration) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> cases = {
      {"heads = 4\nkv-heads = 3\n", {"kv-heads 3", "heads 4"}},
      {"head-dim = 7\n", {"head-dim", "7", "even"}},
      {"heads = 2\nwidth = 10\n", {"heads 2", "width 10", "even"}},
      {"steps = 1\nrope-base = 0.5\n", {"line 2", "rope-base", "'0.5'", "from 1 to"}},
      {"norm-eps = 1\n", {"line 1", "norm-eps", "'1'", "to 0.1"}},
      {"untied = \"maybe\"\n", {"line 1", "untied", "'maybe'", "true or false"}}};
  for (auto [text, words] : cases) {
    const std::string config = box_.Write("c.toml", text);
    words.push_back("c.toml");
    ExpectRefused(box_.Run({"train", Good(), "--config", config, "--out", box_.path("run"), "--steps", "1", "--quiet"}),
                  kBadInput, words);
    EXPECT_FALSE(Exists(box_.path("run")));
  }
  // What an option puts right is no contradiction, and what options bring in is theirs.
  const std::string config = box_.Write("c.toml", "heads = 4\nkv-heads = 3\n");
  EXPECT_EQ(Train(Good(), {"--config", config, "--kv-heads", "2"}).exit_code, 0);
  const std::string sound = box_.Write("c.toml", "heads = 4\nkv-heads = 2\n");
  const Outcome outcome =
      box_.Run({"train", Good(), "--config", sound, "--kv-heads", "3", "--out", box_.path("other")});
  ExpectRefused(outcome, kUsage, {"--kv-heads 3", "--heads 4"});
  EXPECT_EQ(outcome.err.find("c.toml"), std::string::npos);
}

TEST_F(BadInput, Shape_OtherThanTheModelThatIsTuned) {
  ASSERT_EQ(Train(Good(), {"--kv-heads", "1"}).exit_code, 0);
  ExpectRefused(box_.Run({"train", Good(), "--from", box_.path("run"), "--kv-heads", "2", "--steps", "1", "--out",
                          box_.path("tuned"), "--quiet"}),
                kUsage, {"is 2", "--from", "has 1"});
  EXPECT_FALSE(Exists(box_.path("tuned")));
}

// Words of the file change and keep its length. No manifest stands beside it, whose hash would tell.
TEST_F(BadInput, Shape_ThatContradictsItself_FromAModelFile) {
  ASSERT_EQ(Train(Good(), {"--kv-heads", "1", "--head-dim", "24", "--untied", "--rope-base", "50000"}).exit_code, 0);
  const std::string name = "model.safetensors", model = "lone/" + name;
  const std::string whole = ReadAll(box_.path("run/checkpoints/step-1/" + name));
  for (const char* beside : {"tokenizer.json", "lattice.json"}) {
    box_.Write(std::string("lone/") + beside, ReadAll(box_.path(std::string("run/") + beside)));
  }
  box_.Write(model, whole);
  ASSERT_EQ(box_.Run({"inspect", box_.path("lone")}).exit_code, 0);
  struct Change {
    std::string from, to;
    std::vector<std::string> words;
  };
  for (const auto& [from, to, words] : std::vector<Change>{
           {"\"kv_heads\":\"1\"", "\"kv_heads\":\"3\"", {"kv_heads 3", "heads 2"}},
           {"\"head_dim\":\"24\"", "\"head_dim\":\"23\"", {"head_dim is 23", "even"}},
           {"\"head_dim\":\"24\"", "\"head_dim\":\"26\"", {"query_key_value", "96", "104"}},
           {"\"rope_base\":\"50000\"", "\"rope_base\":\"0.500\"", {"rope_base is '0.500'", "from 1 to"}},
           {"\"norm_eps\":\"1e-05\"", "\"norm_eps\":\"1e+05\"", {"norm_eps is '1e+05'", "to 0.1"}},
           {"\"untied\":\"true\"", "\"untied\":\"True\"", {"untied is 'True'", "true or false"}},
           {"\"50000\",\"untied\":\"true\"", "\"5000\",\"untied\":\"false\"", {"untied is false", "a tensor 'head'"}},
           {"\"cllm_format\":\"2\"", "\"cllm_format\":\"4\"", {"4", "newer"}},
           {"\"cllm_format\":\"2\"", "\"cllm_format\":\"1\"", {"format 1", "kv_heads '1'"}}}) {
    std::string changed = whole;
    const size_t at = changed.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    ASSERT_EQ(from.size(), to.size());
    changed.replace(at, from.size(), to);
    box_.Write(model, changed);
    std::vector<std::string> all = words;
    all.push_back(model);
    for (const char* command : {"inspect", "generate"}) {
      ExpectRefused(box_.Run({command, box_.path("lone")}), kBadInput, all);
    }
  }
}

TEST_F(BadInput, RunDirectory_ThatExists_IsLeftAlone) {
  const std::string mine = box_.Write("run/mine.txt", "precious");
  const Outcome outcome = box_.Run(TinyRun(Good(), box_.path("run"), "1"));
  ExpectRefused(outcome, kUsage, {"run"});
  EXPECT_EQ(ReadAll(mine), "precious");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(box_.path("run")), {}), 1);
}

TEST_F(BadInput, Resume_WithAnotherText) {
  const std::string text = Good();
  ASSERT_EQ(Train(text).exit_code, 0);
  const std::string before = ReadAll(box_.path("run/log.jsonl"));
  box_.Write("good.txt", SomeText(4000) + "And more.");
  ExpectRefused(box_.Run({"resume", box_.path("run"), "--steps", "2"}), kBadInput, {"good.txt", "another text"});
  EXPECT_EQ(ReadAll(box_.path("run/log.jsonl")), before);
}

TEST_F(BadInput, Resume_WithFewerSteps) {
  std::vector<std::string> arguments = TinyRun(Good(), box_.path("run"), "3");
  ASSERT_EQ(box_.Run(arguments).exit_code, 0);
  ExpectRefused(box_.Run({"resume", box_.path("run"), "--steps", "2"}), kUsage, {"--steps 2", "3"});
}

TEST_F(BadInput, Resume_OfNoRun) { ExpectRefused(box_.Run({"resume", box_.path("nowhere")}), kBadInput, {"nowhere"}); }

TEST_F(BadInput, Configuration_WithAnUnknownKey) {
  const std::string config = box_.Write("c.toml", "steps = 3\nflavour = \"mint\"\n");
  ExpectRefused(box_.Run({"train", Good(), "--config", config}), kBadInput, {"c.toml", "line 2", "flavour"});
}

TEST_F(BadInput, Environment_OutOfRange_NamesTheVariable) {
  Start start{TinyRun(Good(), box_.path("run"), "1"), "", {"CLLM_DROPOUT=2"}, {}};
  ExpectRefused(box_.Run(start), kUsage, {"CLLM_DROPOUT", "dropout"});
}

TEST_F(BadInput, ModelFile_CutAtAnyByte) {
  ASSERT_EQ(Train(Good()).exit_code, 0);
  const std::string model = box_.path("run/checkpoints/step-1/model.safetensors");
  const std::string whole = ReadAll(model);
  const size_t stride = std::max<size_t>(1, whole.size() / 60);
  for (size_t size = 0; size < whole.size(); size += size < 40 ? 7 : stride) {
    box_.Write("run/checkpoints/step-1/model.safetensors", whole.substr(0, size));
    const Outcome outcome = box_.Run({"generate", box_.path("run"), "-n", "1"});
    ExpectRefused(outcome, kBadInput, {"step-1"});
  }
  box_.Write("run/checkpoints/step-1/model.safetensors", whole);
  EXPECT_EQ(box_.Run({"generate", box_.path("run"), "-n", "1"}).exit_code, 0);
}

TEST_F(BadInput, Command_UnknownOrNone) {
  ExpectRefused(box_.Run({"trian"}), kUsage, {"trian"});
  EXPECT_EQ(box_.Run(std::vector<std::string>{}).exit_code, kUsage);
}

}  // namespace
}  // namespace cllm::testing
