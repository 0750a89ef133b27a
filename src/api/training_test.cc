#include "cllm/training.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfenv>
#include <filesystem>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

#include "api/testing/small_trainings.h"
#include "base/file.h"
#include "base/float_control.h"
#include "store/run_directory.h"

namespace cllm {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class TrainingTest : public SmallTrainings {
 protected:
  // The hash of the run's weights where nobody stops it.
  std::string WholeHash() { return HashOf(Trained(Train(Small("whole"))).directory); }
  std::string HashAfterResume(const std::string& run) {
    const TrainedRun resumed = Trained(Resume({.directory = run, .threads = 1}));
    EXPECT_EQ(resumed.step, 12u);
    EXPECT_FALSE(resumed.stopped);
    return HashOf(run);
  }
};

TEST_F(TrainingTest, Training_TellsWhatItDoes) {
  std::vector<Event> events;
  const TrainedRun run = Trained(Train(Small("run"), {.on_event = [&](const Event& event) {
                                                        events.push_back(event);
                                                        return Next::kGoOn;
                                                      }}));
  EXPECT_EQ(run.directory, root_ / "run");
  EXPECT_EQ(run.step, 12u);
  EXPECT_EQ(run.total_steps, 12u);
  EXPECT_EQ(run.saved_step, 12u);
  EXPECT_FALSE(run.stopped);
  EXPECT_GT(run.token_loss, 0);
  EXPECT_GT(run.bits_per_byte, 0);
  EXPECT_TRUE(run.whole);
  uint64_t steps = 0, evaluations = 0, saves = 0, begins = 0;
  std::set<std::string> phases;
  for (const Event& event : events) {
    if (const auto* step = std::get_if<StepDone>(&event)) {
      EXPECT_EQ(step->step, ++steps);
      EXPECT_EQ(step->tokens, steps * 4 * 8);
    } else if (const auto* began = std::get_if<RunBegan>(&event)) {
      ++begins;
      EXPECT_EQ(began->directory, run.directory);
      EXPECT_EQ(began->step, 0u);
      EXPECT_GT(began->parameters, 2000u);
    } else if (const auto* phase = std::get_if<PhaseShare>(&event)) {
      phases.insert(phase->name);
    }
    evaluations += std::holds_alternative<Evaluated>(event);
    saves += std::holds_alternative<Saved>(event);
  }
  EXPECT_EQ(begins, 1u);
  EXPECT_EQ(steps, 12u);
  EXPECT_EQ(evaluations, 2u);
  EXPECT_GE(saves, 3u);
  EXPECT_TRUE(phases.contains("reading") && phases.contains("tokenizing") && phases.contains("evaluating"));
}

TEST_F(TrainingTest, WhatIsWrong_IsAnError_AndLeavesNoDirectory) {
  const std::string binary = root_.Write("binary", std::string("a\0b", 3));
  const struct {
    ErrorKind kind;
    const char* words;
    std::function<void(TrainOptions&)> choose;
  } cases[] = {
      {ErrorKind::kBadInput, "nowhere.txt", [&](TrainOptions& o) { o.text.files = {root_ / "nowhere.txt"}; }},
      {ErrorKind::kBadInput, "binary", [&](TrainOptions& o) { o.text.files = {binary}; }},
      {ErrorKind::kBadInput, "too short", [](TrainOptions& o) { o.text = {.documents = {"a b"}}; }},
      {ErrorKind::kBadInput, "", [](TrainOptions& o) { o.text = {.documents = {"", ""}}; }},
      {ErrorKind::kBadInput, "nothing there", [&](TrainOptions& o) {
         o.from = root_ / "nothing";
         o.tokenizer.clear();
       }},
      {ErrorKind::kBadInput, "tokenizer.json", [&](TrainOptions& o) { o.tokenizer = root_ / "no_tokenizer"; }},
      {ErrorKind::kBadInput, "dialogues", [](TrainOptions& o) { o.text.chat = true; }},
      {ErrorKind::kBadOption, "`text`", [](TrainOptions& o) { o.text = {}; }},
      {ErrorKind::kBadOption, "`text`", [](TrainOptions& o) { o.text.documents = {"both"}; }},
      {ErrorKind::kBadOption, "`val`", [](TrainOptions& o) { o.validation.documents = {"another kind"}; }},
      {ErrorKind::kBadOption, "`chat`", [](TrainOptions& o) { o.text = {.documents = {"x"}, .chat = true}; }},
      {ErrorKind::kBadOption, "standard input", [](TrainOptions& o) { o.text.files = {"-"}; }},
      {ErrorKind::kBadOption, "standard input", [](TrainOptions& o) { o.validation.files = {"-"}; }},
      {ErrorKind::kBadOption, "`heads`", [](TrainOptions& o) { o.heads = 3; }},
      {ErrorKind::kBadOption, "`item`", [](TrainOptions& o) { o.item = 100; }},
      {ErrorKind::kBadOption, "`steps`", [](TrainOptions& o) { o.steps = 0; }},
      {ErrorKind::kBadOption, "contradict", [](TrainOptions& o) { o.time_s = 60; }},
      {ErrorKind::kNoResources, "memory",
       [](TrainOptions& o) { o.width = 8192, o.heads = 64, o.hidden = 32768, o.layers = 64; }},
  };
  for (const auto& each : cases) {
    TrainOptions options = Small("refused");
    each.choose(options);
    const Expected<TrainedRun> run = Train(options);
    ASSERT_FALSE(run) << each.words;
    EXPECT_EQ(run.error().kind, each.kind) << run.error().message;
    EXPECT_THAT(run.error().message, HasSubstr(each.words));
    EXPECT_FALSE(PathExists(root_ / "refused")) << run.error().message;
  }
}

TEST_F(TrainingTest, DirectoryThatHoldsSomething_IsLeftAlone) {
  const std::string mine = root_.Write("taken/mine.txt", "precious");
  const Expected<TrainedRun> run = Train(Small("taken"));
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, ErrorKind::kBadOption);
  EXPECT_EQ(ReadText(mine), "precious");
}

TEST_F(TrainingTest, StoppedByTheCallback_GoesOnWithTheSameBits) {
  const std::string expected = WholeHash();
  for (const uint64_t at : {1u, 7u, 11u}) {
    const std::string name = "stopped-" + std::to_string(at);
    const TrainedRun run =
        Trained(Train(Small(name), StopAt<StepDone>([at](const StepDone& step) { return step.step == at; })));
    EXPECT_TRUE(run.stopped);
    EXPECT_EQ(run.step, at);
    EXPECT_EQ(run.saved_step, at);
    EXPECT_EQ(run.total_steps, 12u);
    EXPECT_EQ(HashAfterResume(run.directory), expected) << at;
  }
}

TEST_F(TrainingTest, StoppedByTokenFromAnotherThread_GoesOnWithTheSameBits) {
  const std::string expected = WholeHash();
  std::stop_source source;
  std::jthread other;
  const Watch watch{.on_event = [&](const Event& event) {
                      const auto* step = std::get_if<StepDone>(&event);
                      if (step != nullptr && step->step == 3) {
                        other = std::jthread([&] { source.request_stop(); });
                        other.join();
                      }
                      return Next::kGoOn;
                    },
                    .stop = source.get_token()};
  const TrainedRun run = Trained(Train(Small("stopped"), watch));
  EXPECT_TRUE(run.stopped);
  EXPECT_EQ(run.step, 3u);
  EXPECT_EQ(HashAfterResume(run.directory), expected);
}

TEST_F(TrainingTest, CallbackThatThrows_EndsTheTraining_WhichGoesOnWithTheSameBits) {
  const std::string expected = WholeHash();
  const std::function<void()> throwers[] = {[] { throw std::runtime_error("out of paper"); }, [] { throw 5; },
                                            [] { throw std::bad_alloc(); }};
  for (size_t i = 0; i < std::size(throwers); ++i) {
    const std::string name = "thrown-" + std::to_string(i);
    const Expected<TrainedRun> run = Train(Small(name), {.on_event = [&](const Event& event) {
      const auto* step = std::get_if<StepDone>(&event);
      if (step != nullptr && step->step == 4) throwers[i]();
      return Next::kGoOn;
    }});
    ASSERT_FALSE(run);
    EXPECT_EQ(run.error().kind, ErrorKind::kCallback);
    EXPECT_THAT(run.error().message, AllOf(HasSubstr("a callback threw"), HasSubstr("step 4"), HasSubstr(name)));
    EXPECT_EQ(HashAfterResume(root_ / name), expected) << i;
  }
}

TEST_F(TrainingTest, ThrowWhileTheRunBegins_KeepsTheRun) {
  const Expected<TrainedRun> run = Train(Small("begun"), {.on_event = [](const Event& event) -> Next {
    if (std::holds_alternative<RunBegan>(event)) throw std::runtime_error("at once");
    return Next::kGoOn;
  }});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, ErrorKind::kCallback);
  EXPECT_EQ(HashAfterResume(root_ / "begun"), WholeHash());
}

// While the text is read, its words are counted and it is tokenized there is no run yet.
TEST_F(TrainingTest, StoppedBeforeTheFirstStep_NothingIsMade) {
  for (const char* phase : {"reading", "counting words", "learning the vocabulary", "tokenizing"}) {
    TrainOptions options = Small("never");
    options.tokenizer = "bpe:270";
    std::filesystem::remove_all(root_ / "cache");
    const Expected<TrainedRun> run =
        Train(options, StopAt<PhaseShare>([phase](const PhaseShare& share) { return share.name == phase; }));
    ASSERT_FALSE(run) << phase;
    EXPECT_EQ(run.error().kind, ErrorKind::kStopped) << phase;
    EXPECT_FALSE(PathExists(root_ / "never")) << phase;
    const Expected<TrainedRun> thrown = Train(options, {.on_event = [phase](const Event& event) -> Next {
      const auto* share = std::get_if<PhaseShare>(&event);
      if (share != nullptr && share->name == phase && share->share >= 0) throw std::runtime_error("stuck");
      return Next::kGoOn;
    }});
    ASSERT_FALSE(thrown) << phase;
    EXPECT_EQ(thrown.error().kind, ErrorKind::kCallback) << phase;
    EXPECT_FALSE(PathExists(root_ / "never")) << phase;
    for (const auto& entry : std::filesystem::directory_iterator(root_ / "cache")) {
      EXPECT_EQ(entry.path().extension(), ".bin") << entry.path();  // what is whole may stay
    }
  }
  std::stop_source source;
  source.request_stop();
  const Expected<TrainedRun> run = Train(Small("never"), {.stop = source.get_token()});
  ASSERT_FALSE(run);
  EXPECT_EQ(run.error().kind, ErrorKind::kStopped);
}

TEST_F(TrainingTest, StopInTheLastEvaluation_CanBeFinished) {
  const TrainedRun run = Trained(Train(Small("late"), StopAt<PhaseShare>([](const PhaseShare& share) {
                                         return share.name == "evaluating";
                                       })));
  EXPECT_TRUE(run.stopped);
  EXPECT_EQ(run.saved_step, 12u);
  const TrainedRun whole = Trained(Train(Small("whole")));
  const TrainedRun finished = Trained(Resume({.directory = run.directory}));
  EXPECT_FALSE(finished.stopped);
  EXPECT_EQ(finished.bits_per_byte, whole.bits_per_byte);
}

TEST_F(TrainingTest, TextFromMemory_GivesTheBitsOfAFileWithIt) {
  const std::string expected = WholeHash();
  TrainOptions options = Small("memory");
  options.text = {.documents = {ReadText(Text())}};
  EXPECT_EQ(HashOf(Trained(Train(options)).directory), expected);
}

TEST_F(TrainingTest, TextFromMemory_IsThereForAResume_AlsoAfterTheRunHasMoved) {
  const std::string text = ReadText(Text());
  for (const bool one : {true, false}) {
    TrainOptions options = Small("memory");
    options.text.files.clear();
    options.text.documents = {text};
    if (!one) {
      options.text.documents = {text, "<document 0>\n", text.substr(9)};
      options.validation.documents = {text.substr(0, 300), text.substr(40, 500)};
    }
    options.directory = root_ / (one ? "one" : "many");
    const std::string expected = HashOf(Trained(Train(options)).directory);
    options.directory = root_ / (one ? "one-stopped" : "many-stopped");
    const auto third = StopAt<StepDone>([](const StepDone& step) { return step.step == 3; });
    EXPECT_TRUE(Trained(Train(options, third)).stopped);
    const std::string moved = root_ / (one ? "elsewhere/one" : "elsewhere/many");
    std::filesystem::create_directories(root_ / "elsewhere");
    std::filesystem::rename(options.directory, moved);
    std::filesystem::remove_all(root_ / "cache");
    EXPECT_EQ(HashAfterResume(moved), expected);
  }
}

// As in a program that is linked with -ffast-math, or that rounds upward for reasons of its own.
TEST_F(TrainingTest, FloatControlOfTheCaller_ChangesNoBit) {
  const std::string expected = WholeHash();
  const auto text_of = [&](const std::string& run) {
    return Generator::Start(Opened(run), 1)->Generate("line", {.tokens = 20})->text;
  };
  const std::string text = text_of(root_ / "whole");
  const FloatControlScope flushes(kDefaultFloatControl | kFlushDenormals);
  ASSERT_EQ(std::fesetround(FE_UPWARD), 0);
  TrainOptions options = Small("rounded");
  Trained(Train(options, StopAt<StepDone>([](const StepDone& step) { return step.step == 5; })));
  const TrainedRun run = Trained(Resume({.directory = options.directory}));
  const std::string rounded_text = text_of(run.directory);
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  ASSERT_EQ(std::fesetround(FE_TONEAREST), 0);
  EXPECT_EQ(HashOf(run.directory), expected);
  EXPECT_EQ(rounded_text, text);
}

TEST_F(TrainingTest, Resume_SaysWhatIsWrong) {
  const TrainedRun run = Trained(Train(Small("run")));
  const auto kind = [](const ResumeOptions& options) {
    const Expected<TrainedRun> resumed = Resume(options);
    return resumed ? std::optional<ErrorKind>() : resumed.error().kind;
  };
  EXPECT_EQ(kind({.directory = root_ / "none"}), ErrorKind::kBadInput);
  EXPECT_EQ(kind({.directory = Text()}), ErrorKind::kBadInput);
  EXPECT_EQ(kind({}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.directory = run.directory, .steps = 5}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.directory = run.directory, .steps = 20, .time_s = 20}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.directory = run.directory, .text_files = {"-"}}), ErrorKind::kBadOption);
  EXPECT_EQ(kind({.directory = run.directory, .text_files = {root_.Write("other.txt", "another text")}}),
            ErrorKind::kBadInput);
  {
    const Result<RunLock> lock = RunLock::Acquire(run.directory);
    ASSERT_TRUE(lock.ok()) << lock.status().message();
    EXPECT_EQ(kind({.directory = run.directory, .steps = 20}), ErrorKind::kBadOption);
  }
  for (const auto& entry : std::filesystem::directory_iterator(run.directory + "/checkpoints")) {
    WriteText(entry.path().string() + "/model.safetensors", "damaged");
  }
  EXPECT_EQ(kind({.directory = run.directory, .steps = 20}), ErrorKind::kBadInput);
}

TEST_F(TrainingTest, Resume_GoesBeyondThePlannedEnd) {
  const TrainedRun run = Trained(Train(Small("run")));
  EXPECT_EQ(Trained(Resume({.directory = run.directory, .steps = 20})).step, 20u);
}

TEST_F(TrainingTest, TrainedModel_IsTrainedFurther) {
  const TrainedRun run = Trained(Train(Small("run")));
  const TrainedRun further = Trained(Train({.text = {.documents = {ReadText(Text())}},
                                            .directory = root_ / "further",
                                            .steps = 5,
                                            .from = run.directory}));
  EXPECT_EQ(further.step, 5u);
  EXPECT_EQ(Opened(further.directory).info().width, 8u);
}

}  // namespace
}  // namespace cllm
