#include "train/trainer.h"

#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <utility>

#include "data/split_text.h"
#include "data/text_fixture.h"
#include "store/failing_file_system.h"

namespace cllm {
namespace {

// Makes the embedding not a number after given steps, once each.
class Poisoner : public RunObserver {
 public:
  explicit Poisoner(std::vector<uint64_t> steps) : steps_(std::move(steps)) {}
  void OnStep(const StepReport& report) override {
    if (on_step) on_step(report.step);
    if (steps_.empty() || report.step != steps_.front()) return;
    steps_.erase(steps_.begin());
    Poison();
  }
  void Poison() {
    for (float& value : trainer->step().parameters().tensor(trainer->step().parameters().layout().embedding())) {
      value = std::numeric_limits<float>::quiet_NaN();
    }
  }
  void OnNote(const std::string& sentence) override {
    notes.push_back(sentence);
    if (std::exchange(again_on_note, false)) Poison();
  }
  Trainer* trainer = nullptr;
  bool again_on_note = false;  // the weights that a rollback loaded, too
  std::function<void(uint64_t step)> on_step;
  std::vector<std::string> notes;

 private:
  std::vector<uint64_t> steps_;
};

class TrainerTest : public ::testing::Test {
 protected:
  TrainerTest() {
    std::string text;
    for (int i = 0; i < 200; ++i) text += "line " + std::to_string(i * 37 % 101) + " of a small text\n";
    std::filesystem::create_directory(root_ / "run");
    TextOptions options;
    options.corpus.paths = {root_.Write("text.txt", text)};
    options.cache_directory = root_ / "cache";
    auto split = SplitText::Open(options);
    EXPECT_TRUE(split.ok()) << split.status().message();
    auto corpus = Prepare(*split, tokenizer_, {.threads = 1, .progress = {}});
    EXPECT_TRUE(corpus.ok()) << corpus.status().message();
    corpus_ = std::make_unique<PreparedCorpus>(*std::move(corpus));
    config_.layers = 1, config_.heads = 2, config_.width = 8, config_.hidden = 16, config_.context = 8;
    config_.batch = 4, config_.item = 1, config_.steps = 20, config_.rate = 0.01, config_.embedding_rate = 0.01;
    config_.dropout = 0.0, config_.eval_every = 50, config_.save_every = 5, config_.eval_tokens = 0;
    config_.samples = 0, config_.threads = 2;
  }

  std::unique_ptr<Trainer> Make(Poisoner& observer, FileSystem* files = nullptr) {
    auto trainer = Trainer::Create({.config = config_,
                                    .paths = {root_ / "run"},
                                    .tokenizer = &tokenizer_,
                                    .corpus = corpus_.get(),
                                    .files = files == nullptr ? &files_ : files,
                                    .observer = &observer,
                                    .control = &control_});
    EXPECT_TRUE(trainer.ok()) << trainer.status().message();
    observer.trainer = trainer->get();
    return *std::move(trainer);
  }

  TemporaryDirectory root_;
  Tokenizer tokenizer_ = Tokenizer::Bytes();
  std::unique_ptr<PreparedCorpus> corpus_;
  RunConfig config_;
  PosixFileSystem files_;
  RunControl control_;
};

TEST_F(TrainerTest, Divergence_WithRollback_GoesOnFromTheLastCheckpointWithHalfTheRate) {
  config_.on_divergence = OnDivergence::kRollback;
  Poisoner observer({12});
  const auto trainer = Make(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(summary->step, 20u);
  EXPECT_EQ(trainer->state().rollbacks, 1u);
  EXPECT_EQ(trainer->state().rate_scale, 0.5);
  ASSERT_EQ(observer.notes.size(), 1u);
  EXPECT_NE(observer.notes[0].find("back to step 10 "), std::string::npos) << observer.notes[0];
}

// Fine-tuning that diverges at once returns to the model it started from, not to random weights.
TEST_F(TrainerTest, Divergence_BeforeTheFirstPeriodicSave_ReturnsToTheStart) {
  config_.on_divergence = OnDivergence::kRollback;
  const ModelConfig model = config_.Model(tokenizer_.vocabulary());
  Parameters weights(model);
  InitializeParameters(77, model.layers, weights);
  Poisoner observer({1});
  const auto trainer = Make(observer);
  ASSERT_TRUE(trainer->Begin(&weights).ok());
  Parameters saved(model);
  ASSERT_TRUE(ReadModel(root_ / "run/checkpoints/step-0/model.safetensors", model, saved).ok());
  EXPECT_EQ(WeightHash(saved), WeightHash(weights));
  ASSERT_TRUE(trainer->Train().ok());
  ASSERT_EQ(observer.notes.size(), 1u);
  EXPECT_NE(observer.notes[0].find("back to step 0 "), std::string::npos) << observer.notes[0];
}

TEST_F(TrainerTest, Divergence_AFourthTime_Ends) {
  config_.on_divergence = OnDivergence::kRollback;
  Poisoner observer({6, 7, 8, 9});
  const auto trainer = Make(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  EXPECT_EQ(trainer->Train().status().code(), Code::kDiverged);
  EXPECT_EQ(trainer->state().rollbacks, 3u);
}

// Weights that an update made useless: no such state is saved, so none of the good ones makes room for it.
TEST_F(TrainerTest, Divergence_WeightsThatPredictNothing_AreNotSaved) {
  config_.save_every = 1;
  Poisoner observer({6});
  const auto trainer = Make(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Status status = trainer->Train().status();
  EXPECT_EQ(status.code(), Code::kDiverged);
  EXPECT_NE(status.message().find("checkpoints/step-5."), std::string::npos) << status.message();
  ASSERT_FALSE(observer.notes.empty());
  EXPECT_NE(observer.notes[0].find("the weights of step 6 are not saved"), std::string::npos) << observer.notes[0];
  EXPECT_EQ(*Checkpoints(files_, root_ / "run").Steps(), (std::vector<uint64_t>{5, 4, 3}));
}

// The checkpoint that a rollback went to diverges at once: the next one goes further back.
TEST_F(TrainerTest, Divergence_AtTheStepOfTheRollback_GoesFurtherBack) {
  config_.on_divergence = OnDivergence::kRollback;
  Poisoner observer({12});
  observer.again_on_note = true;
  const auto trainer = Make(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(trainer->Train().ok());
  ASSERT_EQ(observer.notes.size(), 2u);
  EXPECT_NE(observer.notes[0].find("back to step 10 "), std::string::npos) << observer.notes[0];
  EXPECT_NE(observer.notes[1].find("back to step 5 "), std::string::npos) << observer.notes[1];
}

// A disk that takes nothing: training goes on, without saves and without its log.
TEST_F(TrainerTest, FullDisk_EndsNeitherTheRunNorItsLog) {
  FailingFileSystem disk(files_);
  Poisoner observer({});
  observer.on_step = [&](uint64_t step) {
    if (step == 7) disk.FailAt(0, FailingFileSystem::Mode::kFromThen);
    if (step == 13) disk.Heal();
  };
  const auto trainer = Make(observer, &disk);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(*Checkpoints(files_, root_ / "run").Steps(), (std::vector<uint64_t>{20, 15, 5}));
  ASSERT_EQ(observer.notes.size(), 2u);
  EXPECT_NE(observer.notes[0].find("the log goes on without"), std::string::npos) << observer.notes[0];
  EXPECT_NE(observer.notes[1].find("step 10 was not saved"), std::string::npos) << observer.notes[1];
  const std::string log = FileBytes(root_ / "run/log.jsonl");
  EXPECT_NE(log.find("{\"step\":7,"), std::string::npos);
  EXPECT_EQ(log.find("{\"step\":9,"), std::string::npos);
  EXPECT_NE(log.find("{\"step\":14,"), std::string::npos);
  EXPECT_EQ(log.find("}{"), std::string::npos) << "a torn line stayed";
}

TEST_F(TrainerTest, Divergence_ByDefault_StopsAndSaysWhere) {
  Poisoner observer({3});
  const auto trainer = Make(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  EXPECT_EQ(summary.status().code(), Code::kDiverged);
  EXPECT_NE(summary.status().message().find("step 3, item"), std::string::npos) << summary.status().message();
}

}  // namespace
}  // namespace cllm
