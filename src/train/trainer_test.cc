#include "train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <utility>

#include "monitor/observer_fan_out.h"
#include "store/testing/failing_file_system.h"
#include "train/run_log.h"
#include "train/testing/trainer_fixture.h"

namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Makes the embedding not a number after given steps, once each.
class Poisoner : public RunObserver {
 public:
  explicit Poisoner(std::vector<uint64_t> steps) : steps_(std::move(steps)) {}
  void OnStep(const StepEvent& event) override {
    if (on_step) on_step(event.step);
    if (steps_.empty() || event.step != steps_.front()) return;
    steps_.erase(steps_.begin());
    Poison();
  }
  void Poison() {
    const Status poisoned = trainer->step().LoadWeights([](Parameters& weights) -> Status {
      for (float& value : weights.tensor(weights.layout().embedding())) value = std::numeric_limits<float>::quiet_NaN();
      return {};
    });
    CHECK(poisoned.ok());
  }
  void OnNote(const NoteEvent& event) override { notes.push_back(event.sentence); }
  void OnSkippedSave(const SkippedSaveEvent& event) override { skipped.push_back(event); }
  void OnRollback(const RollbackEvent& event) override {
    rollbacks.push_back(event.step);
    if (std::exchange(again_on_rollback, false)) Poison();
  }
  Trainer* trainer = nullptr;
  bool again_on_rollback = false;  // the weights that a rollback loaded, too
  std::function<void(uint64_t step)> on_step;
  std::vector<std::string> notes;
  std::vector<SkippedSaveEvent> skipped;
  std::vector<uint64_t> rollbacks;  // the steps they went to

 private:
  std::vector<uint64_t> steps_;
};

class DivergingTrainer : public TrainerTest {
 protected:
  std::unique_ptr<Trainer> MakePoisoned(Poisoner& observer) {
    auto made = Make(observer);
    observer.trainer = made.get();
    return made;
  }
};

TEST_F(DivergingTrainer, WithRollback_GoesOnFromTheLastCheckpointWithHalfTheRate) {
  plan_.on_divergence = OnDivergence::kRollback;
  Poisoner observer({12});
  const auto trainer = MakePoisoned(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(summary->step, 20u);
  EXPECT_EQ(trainer->state().rollbacks, 1u);
  EXPECT_EQ(trainer->state().rate_scale, 0.5);
  EXPECT_EQ(observer.rollbacks, std::vector<uint64_t>{10});
}

// Fine-tuning that diverges at once returns to the model it started from, not to random weights.
TEST_F(DivergingTrainer, BeforeTheFirstPeriodicSave_ReturnsToTheStart) {
  plan_.on_divergence = OnDivergence::kRollback;
  const ModelShape model = plan_.shape;
  Parameters initial(model);
  InitializeParameters(77, initial);
  const StoredModel weights = StoredInMemory(std::move(initial));
  Poisoner observer({1});
  const auto trainer = MakePoisoned(observer);
  ASSERT_TRUE(trainer->Begin(&weights).ok());
  Parameters saved(model);
  ASSERT_TRUE(ReadModel(root_ / "run/checkpoints/step-0/model.safetensors", saved).ok());
  EXPECT_EQ(WeightHash(saved), WeightHash(weights));
  ASSERT_TRUE(trainer->Train().ok());
  EXPECT_EQ(observer.rollbacks, std::vector<uint64_t>{0});
}

TEST_F(DivergingTrainer, AFourthTime_Ends) {
  plan_.on_divergence = OnDivergence::kRollback;
  Poisoner observer({6, 7, 8, 9});
  const auto trainer = MakePoisoned(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  EXPECT_EQ(trainer->Train().status().code(), Code::kDiverged);
  EXPECT_EQ(trainer->state().rollbacks, 3u);
}

// Weights that an update made useless: no such state is saved, so none of the good ones makes room for it.
TEST_F(DivergingTrainer, WeightsThatPredictNothing_AreNotSaved) {
  plan_.save_every = 1;
  Poisoner observer({6});
  const auto trainer = MakePoisoned(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Status status = trainer->Train().status();
  EXPECT_EQ(status.code(), Code::kDiverged);
  EXPECT_NE(status.message().find("checkpoints/step-5."), std::string::npos) << status.message();
  ASSERT_FALSE(observer.skipped.empty());
  EXPECT_EQ(observer.skipped[0].step, 6u);
  EXPECT_THAT(observer.skipped[0].reason, HasSubstr("the weights of step 6 are not saved"));
  EXPECT_EQ(*Checkpoints(files_, root_ / "run").Steps(), (std::vector<uint64_t>{5, 4, 3}));
}

// The checkpoint that a rollback went to diverges at once: the next one goes further back.
TEST_F(DivergingTrainer, AtTheStepOfTheRollback_GoesFurtherBack) {
  plan_.on_divergence = OnDivergence::kRollback;
  Poisoner observer({12});
  observer.again_on_rollback = true;
  const auto trainer = MakePoisoned(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  ASSERT_TRUE(trainer->Train().ok());
  EXPECT_EQ(observer.rollbacks, (std::vector<uint64_t>{10, 5}));
}

// A disk that takes nothing: training goes on, without saves and without its log.
TEST_F(TrainerTest, FullDisk_EndsNeitherTheRunNorItsLog) {
  FailingFileSystem disk(files_);
  Poisoner observer({});
  observer.on_step = [&](uint64_t step) {
    if (step == 7) disk.FailAt(0, FailingFileSystem::Mode::kFromThen);
    if (step == 13) disk.Heal();
  };
  FanOut all;
  RunLog log(disk, root_ / "run/log.jsonl", all);
  all.Add("the log", log);
  all.Add("the observer", observer);
  const auto trainer = Make(all, &disk);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(*Checkpoints(files_, root_ / "run").Steps(), (std::vector<uint64_t>{20, 15, 5}));
  EXPECT_THAT(observer.notes, ElementsAre(HasSubstr("the log goes on without")));
  ASSERT_EQ(observer.skipped.size(), 1u);
  EXPECT_THAT(observer.skipped[0].reason, HasSubstr("step 10 was not saved"));
  const std::string records = ReadText(root_ / "run/log.jsonl");
  EXPECT_THAT(records, HasSubstr("{\"step\":7,"));
  EXPECT_THAT(records, Not(HasSubstr("{\"step\":9,")));
  EXPECT_THAT(records, HasSubstr("{\"step\":14,"));
  EXPECT_THAT(records, Not(HasSubstr("}{"))) << "a torn line stayed";
}

// From step 17 on nothing can be written: neither the best weights nor the last.
TEST_F(TrainerTest, DiskThatStaysFull_TheLastEvaluationIsDone_AndTheSummarySaysWhatIsSaved) {
  FailingFileSystem disk(files_);
  plan_.eval_every = 18;
  Poisoner observer({});
  observer.on_step = [&](uint64_t step) {
    if (step == 17) disk.FailAt(0, FailingFileSystem::Mode::kFromThen);
  };
  const auto trainer = Make(observer, &disk);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(summary->step, 20u);
  EXPECT_EQ(summary->saved_step, 15u);
  EXPECT_GT(summary->bits_per_byte, 0);
  EXPECT_THAT(observer.skipped.back().reason, HasSubstr("step 20 was not saved"));
  EXPECT_EQ(Checkpoints(files_, root_ / "run").Steps()->front(), 15u);
}

TEST_F(DivergingTrainer, ByDefault_StopsAndSaysWhere) {
  Poisoner observer({3});
  const auto trainer = MakePoisoned(observer);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  const Result<RunSummary> summary = trainer->Train();
  EXPECT_EQ(summary.status().code(), Code::kDiverged);
  EXPECT_NE(summary.status().message().find("step 3, item"), std::string::npos) << summary.status().message();
}

}  // namespace
}  // namespace cllm
