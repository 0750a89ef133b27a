#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "monitor/observer_fan_out.h"
#include "train/run_log.h"
#include "train/testing/trainer_fixture.h"

// Training on dialogues: what the assistant says is learned, steps without it are skipped, and the bits are the same on
// any number of threads and after a stop.
namespace cllm {
namespace {

using ::testing::HasSubstr;

struct Steps : RunObserver {
  void OnStep(const StepEvent& event) override { steps.push_back(event); }
  void OnNote(const NoteEvent& event) override { notes += event.sentence + "\n"; }
  void OnEvaluation(const EvaluationEvent& event) override { evaluations.push_back(event); }
  std::vector<StepEvent> steps;
  std::vector<EvaluationEvent> evaluations;
  std::string notes;
};

class DialogueTraining : public TrainerTest {
 protected:
  // Questions of so many bytes, answers of a few.
  void UseDialogues(size_t question_bytes) {
    std::string lines;
    for (int i = 0; i < 60; ++i) {
      const std::string question(question_bytes, static_cast<char>('a' + i % 20));
      lines += "{\"messages\": [{\"role\": \"user\", \"content\": \"" + question +
               "\"}, {\"role\": \"assistant\", \"content\": \"It is " + std::to_string(i % 7) + ".\"}]}\n";
    }
    TextOptions options;
    options.corpus.paths = {root_.Write("dialogues.jsonl", lines)};
    options.corpus.chat = true;
    options.cache_directory = root_ / "cache";
    auto split = SplitText::Open(options);
    ASSERT_TRUE(split.ok()) << split.status().message();
    auto corpus = Prepare(*split, tokenizer_, {.threads = 1, .progress = {}});
    ASSERT_TRUE(corpus.ok()) << corpus.status().message();
    corpus_ = std::make_unique<PreparedCorpus>(*std::move(corpus));
  }
  std::string Hash(Trainer& trainer) { return WeightHash(trainer.step().parameters()); }
};

TEST_F(DialogueTraining, ThreadsAndAStop_ChangeNoBit) {
  UseDialogues(10);
  std::vector<std::string> hashes;
  for (const size_t threads : {1u, 2u, 5u}) {
    plan_.threads = threads;
    Steps steps;
    const auto trainer = Make(steps);
    ASSERT_TRUE(trainer->Begin(nullptr).ok());
    const auto summary = trainer->Train();
    ASSERT_TRUE(summary.ok()) << summary.status().message();
    EXPECT_TRUE(summary->of_answers);
    EXPECT_EQ(summary->tokens, corpus_->part(CorpusPart::kValidation).scored_tokens);
    hashes.push_back(Hash(*trainer));
  }
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_EQ(hashes[0], hashes[2]);
  for (const char* checkpoint : {"10", "15"}) {
    Steps steps;
    const auto again = Make(steps);
    ASSERT_TRUE(again->Continue((root_ / "run") + "/checkpoints/step-" + checkpoint, std::nullopt).ok());
    ASSERT_TRUE(again->Train().ok());
    EXPECT_EQ(Hash(*again), hashes[0]) << "from step " << checkpoint;
  }
}

TEST_F(DialogueTraining, AStepSaysHowMuchOfItIsLearned) {
  UseDialogues(10);
  plan_.step.batch = 16;
  Steps steps;
  const auto trainer = Make(steps);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(trainer->Train().ok());
  ASSERT_EQ(steps.steps.size(), 20u);
  for (const StepEvent& step : steps.steps) {
    EXPECT_GT(step.scored, 0u);
    EXPECT_LT(step.scored, 128u);
    EXPECT_EQ(step.tokens, step.step * 128);
  }
  EXPECT_LT(steps.evaluations.back().tokens, corpus_->validation().size());
}

// A sequence a step, and questions much longer than it: most steps see nothing that is learned.
TEST_F(DialogueTraining, AStepWithoutAnAnswer_IsSkipped_AndRecorded) {
  UseDialogues(60);
  plan_.step.batch = 1;
  Steps steps;
  RunLog log(files_, root_ / "log.jsonl", steps);
  FanOut all;
  all.Add("steps", steps);
  all.Add("log", log);
  const auto trainer = Make(all);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  std::vector<std::string> hashes = {Hash(*trainer)};
  struct Watch : RunObserver {
    void OnStep(const StepEvent&) override { hashes->push_back(WeightHash(trainer->step().parameters())); }
    std::vector<std::string>* hashes;
    Trainer* trainer;
  } watch;
  watch.hashes = &hashes, watch.trainer = trainer.get();
  all.Add("watch", watch);
  ASSERT_TRUE(trainer->Train().ok());
  ASSERT_EQ(steps.steps.size(), 20u);
  size_t skipped = 0;
  for (size_t i = 0; i < steps.steps.size(); ++i) {
    EXPECT_EQ(steps.steps[i].step, i + 1);
    EXPECT_EQ(hashes[i] == hashes[i + 1], steps.steps[i].skipped) << "step " << i + 1;
    skipped += steps.steps[i].skipped;
  }
  EXPECT_GT(skipped, 0u);
  EXPECT_LT(skipped, 20u);
  EXPECT_THAT(steps.notes, HasSubstr(std::to_string(skipped) + " steps were skipped"));
  const std::string records = ReadText(root_ / "log.jsonl");
  size_t recorded = 0;
  for (size_t at = 0; (at = records.find("skipped_step", at)) != records.npos; ++at) ++recorded;
  EXPECT_EQ(recorded, skipped);
}

}  // namespace
}  // namespace cllm
