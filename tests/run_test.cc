#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <thread>

#include "program.h"

// Runs from the outside: what they leave behind, and that interruption changes nothing.
namespace cllm::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class Runs : public ::testing::Test {
 protected:
  std::vector<std::string> Options(const std::string& out, const std::string& steps) {
    std::vector<std::string> arguments = TinyRun(text_, box_.path(out), steps);
    arguments.insert(arguments.end(), {"--save-every", "5", "--eval-every", "10", "--dropout", "0.1"});
    return arguments;
  }
  std::string Model(const std::string& run, const std::string& step) {
    return ReadAll(box_.path(run + "/checkpoints/step-" + step + "/model.safetensors"));
  }
  std::vector<nlohmann::json> Log(const std::string& run) {
    std::vector<nlohmann::json> records;
    std::istringstream lines(ReadAll(box_.path(run + "/log.jsonl")));
    for (std::string line; std::getline(lines, line);) records.push_back(nlohmann::json::parse(line));
    return records;
  }

  Sandbox box_;
  std::string text_ = box_.Write("text.txt", SomeText(20000));
};

TEST_F(Runs, Train_LeavesEverythingTheDesignNames) {
  ASSERT_EQ(box_.Run(Options("run", "20")).exit_code, 0);
  for (const char* name : {"config.toml", "tokenizer.json", "lattice.json", "log.jsonl", "best", "latest",
                           "checkpoints/step-20/model.safetensors", "checkpoints/step-20/optimizer.safetensors",
                           "checkpoints/step-20/state.json", "checkpoints/step-20/manifest.json"}) {
    EXPECT_TRUE(Exists(box_.path(std::string("run/") + name))) << name;
  }
  const auto log = Log("run");
  EXPECT_EQ(log.front().at("event"), "run_start");
  EXPECT_EQ(log.back().at("event"), "run_end");
  size_t steps = 0;
  for (const auto& record : log) {
    if (record.contains("event")) continue;
    ++steps;
    for (const char* field :
         {"step", "tokens", "loss", "loss_root", "loss_form", "lr", "grad_norm", "tok_s", "peak_share", "eta_s"}) {
      EXPECT_TRUE(record.contains(field)) << field;
    }
  }
  EXPECT_EQ(steps, 20u);
}

TEST_F(Runs, Train_SaysWhatToDoNext_AndQuietlyNothing) {
  std::vector<std::string> arguments = TinyRun(text_, box_.path("quiet"), "2");
  ASSERT_EQ(arguments.back(), "--quiet");
  EXPECT_EQ(box_.Run(arguments).err, "");
  arguments.pop_back();
  std::replace(arguments.begin(), arguments.end(), box_.path("quiet"), box_.path("run"));
  EXPECT_THAT(box_.Run(arguments).err, AllOf(HasSubstr("done: step 2, "), HasSubstr("resume " + box_.path("run"))));
}

TEST_F(Runs, Config_OfARun_ReproducesIt) {
  ASSERT_EQ(box_.Run(Options("first", "20")).exit_code, 0);
  const Outcome again = box_.Run(
      {"train", "--config", box_.path("first/config.toml"), "--out", box_.path("second"), "--threads", "3", "--quiet"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Model("first", "20"), Model("second", "20"));
  std::string config = ReadAll(box_.path("second/config.toml"));
  const std::string threads = "threads = 3\n";
  ASSERT_THAT(config, HasSubstr(threads));
  config.erase(config.find(threads), threads.size());
  EXPECT_EQ(ReadAll(box_.path("first/config.toml")), config);
}

TEST_F(Runs, Precedence_IsFlagThenEnvironmentThenFile) {
  const std::string file = box_.Write("c.toml", "lambda = 0.5\nwarmup = 7\ndropout = 0.2\n");
  std::vector<std::string> arguments = TinyRun(text_, box_.path("run"), "2");
  arguments.insert(arguments.end(), {"--config", file, "--lambda", "0.25"});
  ASSERT_EQ(box_.Run(Start{arguments, "", {"CLLM_LAMBDA=0.75", "CLLM_WARMUP=9"}, {}}).exit_code, 0);
  const std::string config = ReadAll(box_.path("run/config.toml"));
  EXPECT_THAT(config, HasSubstr("lambda = 0.25"));
  EXPECT_THAT(config, HasSubstr("warmup = 9"));
  EXPECT_THAT(config, HasSubstr("dropout = 0.2"));
}

// A model of which every dimension is named, and differs from what the others would give it.
class NamedShape : public Runs {
 protected:
  std::vector<std::string> Arguments(const std::string& out, const std::string& threads, const std::string& steps) {
    std::vector<std::string> arguments = {"train",   text_, "--out",     box_.path(out),
                                          "--steps", steps, "--threads", threads};
    std::istringstream more(
        "--layers 2 --heads 4 --kv-heads 2 --head-dim 24 --width 20 --hidden 33 --context 16 --untied "
        "--rope-base 50000 --norm-eps 1e-6 --tokenizer bytes --batch 64 --item 1 --save-every 20 --eval-every 50 "
        "--samples 0 --quiet");
    arguments.insert(arguments.end(), std::istream_iterator<std::string>(more), {});
    return arguments;
  }
  Outcome Train(const std::string& out, const std::string& threads) { return box_.Run(Arguments(out, threads, "12")); }
  nlohmann::json Inspected(const std::string& run) {
    const Outcome outcome = box_.Run({"inspect", box_.path(run), "--json"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(outcome.out);
  }
};

TEST_F(NamedShape, AnyNumberOfThreads_GivesTheSameWeights) {
  std::string hash;
  for (const std::string threads : {"1", "2", "7", "63"}) {
    const Outcome outcome = Train(threads, threads);
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
    const std::string found = Inspected(threads).at("weights_xxh3");
    if (hash.empty()) hash = found;
    EXPECT_EQ(found, hash) << threads << " threads";
    EXPECT_EQ(Model(threads, "12"), Model("1", "12")) << threads << " threads";
  }
}

TEST_F(NamedShape, IsInspected_Evaluated_AndGeneratesText) {
  ASSERT_EQ(Train("run", "2").exit_code, 0);
  const nlohmann::json shown = Inspected("run");
  const nlohmann::json expected = {{"layers", 2},    {"heads", 4},           {"width", 20},     {"hidden", 33},
                                   {"context", 16},  {"kv_heads", 2},        {"head_dim", 24},  {"vocabulary", 259},
                                   {"untied", true}, {"rope_base", 50000.0}, {"norm_eps", 1e-6}};
  for (const auto& [name, value] : expected.items()) EXPECT_EQ(shown.at(name), value) << name;
  std::vector<std::string> tensors;
  for (const auto& tensor : shown.at("tensors")) tensors.push_back(tensor.at("name"));
  EXPECT_THAT(tensors, ::testing::Contains("head"));
  const Outcome evaluated = box_.Run({"eval", box_.path("run"), text_, "--json"});
  ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
  const double nats = nlohmann::json::parse(evaluated.out).at("nats_per_token");
  EXPECT_LT(nats, 5.5) << "ln 259 = 5.56 is an untrained model's";
  EXPECT_GT(nats, 0.5);
  const Outcome generated = box_.Run({"generate", box_.path("run"), "-p", "The ", "-n", "40", "--temp", "0"});
  ASSERT_EQ(generated.exit_code, 0) << generated.err;
  EXPECT_FALSE(generated.out.empty());
  EXPECT_EQ(box_.Run({"generate", box_.path("run"), "-p", "The ", "-n", "40", "--temp", "0"}).out, generated.out);
}

TEST_F(NamedShape, Config_OfTheRun_ReproducesIt) {
  ASSERT_EQ(Train("first", "2").exit_code, 0);
  EXPECT_THAT(ReadAll(box_.path("first/config.toml")),
              AllOf(HasSubstr("kv-heads = 2\n"), HasSubstr("head-dim = 24\n"), HasSubstr("untied = true\n"),
                    HasSubstr("rope-base = 50000\n"), HasSubstr("norm-eps = 1e-06\n")));
  const Outcome again =
      box_.Run({"train", "--config", box_.path("first/config.toml"), "--out", box_.path("second"), "--quiet"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  EXPECT_EQ(Model("second", "12"), Model("first", "12"));
  EXPECT_EQ(ReadAll(box_.path("second/config.toml")), ReadAll(box_.path("first/config.toml")));
}

// Sends the signal as soon as the log has `lines` lines, and a moment more.
Start KilledAfter(std::vector<std::string> arguments, const std::string& log, size_t lines, int signal,
                  std::chrono::microseconds more = {}) {
  return Start{std::move(arguments), "", {}, [=](int pid) {
                 for (int i = 0; i < 6000; ++i) {
                   const std::string text = ReadAll(log);
                   if (static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= lines) break;
                   std::this_thread::sleep_for(std::chrono::milliseconds(2));
                 }
                 std::this_thread::sleep_for(more);
                 kill(pid, signal);
               }};
}

TEST_F(Runs, Killed_AtThreeRandomMoments_AndResumed_GivesTheSameWeights) {
  constexpr const char* kSteps = "400";
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  ASSERT_EQ(box_.Run(Options("whole", kSteps)).exit_code, 0);
  // Each later than the last, and between any two system calls; the first start writes the directory.
  std::vector<std::string> arguments = Options("cut", kSteps);
  int killed = 0;
  for (const size_t begin : {10u, 140u, 270u}) {
    const size_t lines = begin + random() % 100;
    const std::chrono::microseconds more(random() % 5000);
    const Outcome outcome = box_.Run(KilledAfter(arguments, box_.path("cut/log.jsonl"), lines, SIGKILL, more));
    killed += outcome.exit_code == 128 + SIGKILL;
    arguments = {"resume", box_.path("cut"), "--quiet", "--samples", "0"};
  }
  EXPECT_EQ(killed, 3);
  const Outcome last = box_.Run(arguments);
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(Model("whole", kSteps), Model("cut", kSteps));
}

TEST_F(NamedShape, Stopped_AndResumed_GivesTheSameWeights) {
  constexpr const char* kSteps = "100";
  ASSERT_EQ(box_.Run(Arguments("whole", "2", kSteps)).exit_code, 0);
  for (const auto& [signal, code] : {std::pair{SIGINT, 128 + SIGINT}, {SIGKILL, 128 + SIGKILL}}) {
    const std::string out = "cut-" + std::to_string(signal);
    EXPECT_EQ(box_.Run(KilledAfter(Arguments(out, "1", kSteps), box_.path(out + "/log.jsonl"), 30, signal)).exit_code,
              code);
    const Outcome last = box_.Run({"resume", box_.path(out), "--threads", "7", "--quiet", "--samples", "0"});
    ASSERT_EQ(last.exit_code, 0) << last.err;
    EXPECT_EQ(Model(out, kSteps), Model("whole", kSteps)) << "signal " << signal;
  }
}

TEST_F(Runs, Bf16_KilledAndResumed_GivesTheSameWeights_WhichAreNotThoseOfFp32) {
  constexpr const char* kSteps = "200";
  const auto options = [&](const char* out, const char* precision) {
    std::vector<std::string> arguments = Options(out, kSteps);
    arguments.insert(arguments.end(), {"--precision", precision});
    return arguments;
  };
  ASSERT_EQ(box_.Run(options("fp32", "fp32")).exit_code, 0);
  ASSERT_EQ(box_.Run(options("whole", "bf16")).exit_code, 0);
  EXPECT_THAT(ReadAll(box_.path("whole/config.toml")), HasSubstr("precision = \"bf16\""));
  EXPECT_EQ(box_.Run(KilledAfter(options("cut", "bf16"), box_.path("cut/log.jsonl"), 60, SIGKILL)).exit_code,
            128 + SIGKILL);
  const Outcome last = box_.Run({"resume", box_.path("cut"), "--quiet", "--samples", "0"});
  ASSERT_EQ(last.exit_code, 0) << last.err;
  EXPECT_EQ(Model("whole", kSteps), Model("cut", kSteps));
  EXPECT_NE(Model("whole", kSteps), Model("fp32", kSteps));
}

// Words of random syllables, so many that 1,024 sub-words can be learned from them.
std::string ManyWords(size_t bytes) {
  static constexpr const char* kSyllables[] = {"ba",  "cor", "di",  "fel", "gu", "hin", "jo", "ka", "lem", "mi",
                                               "nor", "pu",  "qua", "ris", "so", "tan", "ul", "ve", "wix", "zy"};
  std::mt19937_64 random(5);
  std::string text;
  while (text.size() < bytes) {
    // The product of two draws makes some words frequent.
    uint64_t word = (random() % 60) * (random() % 60);
    for (; word != 0; word /= 20) text += kSyllables[word % 20];
    text += random() % 8 == 0 ? ".\n" : " ";
  }
  return text;
}

// The program itself, from the text to the model file; that every leaf works is shown by train's own test.
TEST_F(Runs, AnyNumberOfThreads_GivesTheSameModelFile) {
  const std::string text = box_.Write("words.txt", ManyWords(60000));
  for (const std::string tokenizer : {"bytes", "bpe:1024"}) {
    std::string expected;
    for (const std::string threads : {"1", "2", "3", "7", "16", "63"}) {
      const std::string run = tokenizer + "-" + threads;
      const Outcome outcome = box_.Run(
          {"train",   text, "--out",     box_.path(run), "--tokenizer", tokenizer, "--layers",  "2",   "--heads", "2",
           "--width", "16", "--hidden",  "24",           "--context",   "8",       "--batch",   "128", "--item",  "1",
           "--steps", "50", "--threads", threads,        "--samples",   "0",       "--dropout", "0.1", "--quiet"});
      ASSERT_EQ(outcome.exit_code, 0) << run << ": " << outcome.err;
      const std::string model = Model(run, "50");
      ASSERT_FALSE(model.empty());
      if (expected.empty()) expected = model;
      EXPECT_EQ(model, expected) << run;
    }
  }
}

TEST_F(Runs, Interrupted_SavesAndTellsHowToGoOn) {
  const std::string steps = "100000";
  const Outcome outcome =
      box_.Run(KilledAfter(TinyRun(text_, box_.path("run"), steps), box_.path("run/log.jsonl"), 40, SIGINT));
  EXPECT_EQ(outcome.exit_code, 130);
  EXPECT_THAT(outcome.err, HasSubstr("cllm resume " + box_.path("run")));
  const std::string newest = std::filesystem::read_symlink(box_.path("run/latest")).filename().string();
  EXPECT_THAT(outcome.err, HasSubstr("stopped at step " + newest.substr(newest.find('-') + 1) + ", which is saved"));
}

TEST_F(Runs, Interrupted_AfterABestCheckpoint_SavesWhatCameAfterIt) {
  std::vector<std::string> arguments = TinyRun(text_, box_.path("run"), "100000");
  arguments.insert(arguments.end(), {"--eval-every", "25"});
  const Outcome outcome = box_.Run(KilledAfter(arguments, box_.path("run/log.jsonl"), 60, SIGTERM));
  EXPECT_EQ(outcome.exit_code, 143);
  const std::string newest = std::filesystem::read_symlink(box_.path("run/latest")).filename().string();
  EXPECT_THAT(outcome.err, HasSubstr("stopped at step " + newest.substr(newest.find('-') + 1) + ", which is saved"));
}

TEST_F(Runs, Resume_ForLessTimeThanTheRunNeeds_SaysSo) {
  box_.Run(KilledAfter(TinyRun(text_, box_.path("run"), "10000000"), box_.path("run/log.jsonl"), 20, SIGINT));
  const Outcome outcome = box_.Run({"resume", box_.path("run"), "--time", "5s"});
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("--time 5"), HasSubstr("leave --time out")));
}

TEST_F(Runs, Resume_OfACompleteRun_SaysSo) {
  ASSERT_EQ(box_.Run(Options("run", "20")).exit_code, 0);
  const Outcome outcome = box_.Run({"resume", box_.path("run"), "--samples", "0"});
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_THAT(outcome.err, HasSubstr("complete at step 20"));
}

TEST_F(Runs, Resume_BeyondTheEnd_ExtendsTheSchedule) {
  ASSERT_EQ(box_.Run(Options("run", "20")).exit_code, 0);
  const Outcome outcome = box_.Run({"resume", box_.path("run"), "--steps", "30", "--quiet", "--samples", "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(Exists(box_.path("run/checkpoints/step-30")));
}

TEST_F(Runs, FineTuning_StartsFromTheModel) {
  ASSERT_EQ(box_.Run(Options("base", "60")).exit_code, 0);
  const Outcome outcome = box_.Run({"train", text_, "--from", box_.path("base"), "--steps", "2", "--batch", "4",
                                    "--out", box_.path("tuned"), "--quiet", "--samples", "0"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(box_.Run({"train", text_, "--from", box_.path("base"), "--layers", "2", "--steps", "2"}).exit_code, 2);
  EXPECT_EQ(box_.Run({"resume", box_.path("tuned"), "--steps", "3", "--quiet", "--samples", "0"}).exit_code, 0);
  const auto log = Log("tuned");
  const auto first =
      std::find_if(log.begin(), log.end(), [](const auto& record) { return record.contains("loss_token"); });
  ASSERT_NE(first, log.end());
  EXPECT_LT(first->at("loss_token").get<double>(), 4.5) << "an untrained model would start above ln 259 = 5.56";
}

TEST_F(Runs, Eval_CountsEveryByteOnce) {
  ASSERT_EQ(box_.Run(Options("run", "5")).exit_code, 0);
  const std::string other = box_.Write("other.txt", SomeText(3001));
  const Outcome outcome = box_.Run({"eval", box_.path("run"), other, "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const auto result = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(result.at("bytes").get<size_t>(), std::filesystem::file_size(other));
  // Every byte and the end token, each predicted from what stands before it.
  EXPECT_EQ(result.at("tokens").get<size_t>(), std::filesystem::file_size(other) + 1);
  const double nats = result.at("nats_per_token").get<double>() * result.at("tokens").get<double>();
  EXPECT_NEAR(result.at("bits_per_byte").get<double>(), nats / result.at("bytes").get<double>() / 0.6931471805599453,
              1e-9);
}

TEST_F(Runs, PipedText_CanBeTrainedOn) {
  std::vector<std::string> arguments = TinyRun("-", box_.path("run"), "2");
  EXPECT_EQ(box_.Run(Start{arguments, SomeText(5000), {}, {}}).exit_code, 0);
}

}  // namespace
}  // namespace cllm::testing
