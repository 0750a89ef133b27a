#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <future>
#include <stdexcept>

#include "monitor/observer_fan_out.h"
#include "monitor/queued_observer.h"
#include "train/testing/trainer_fixture.h"

// What others may ask of a training, and that those who watch it cannot disturb it.
namespace cllm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Asks for something after a step, and notes what it is told.
class Asker : public RunObserver {
 public:
  Asker() = default;
  Asker(uint64_t step, std::function<void()> ask) : step_(step), ask_(std::move(ask)) {}
  void OnStep(const StepEvent& event) override {
    ++steps;
    last_step = event.step;
    if (ask_ && event.step == step_) ask_();
  }
  void OnEvaluation(const EvaluationEvent& event) override {
    if (!event.whole) evaluations.push_back(event.step);
  }
  void OnSample(const SampleEvent& event) override { samples.push_back(event.step); }
  void OnSave(const SaveEvent& event) override { saves.push_back(event.step); }
  void OnNote(const NoteEvent& event) override { notes.push_back(event.sentence); }
  void OnEnd(const EndEvent& event) override { end = event; }

  uint64_t steps = 0, last_step = 0;
  std::vector<uint64_t> evaluations, samples, saves;
  std::vector<std::string> notes;
  EndEvent end;

 private:
  uint64_t step_ = 0;
  std::function<void()> ask_;
};

class TrainerControl : public TrainerTest {
 protected:
  // Trains to the end and returns the hash of the weights.
  std::string Train(RunObserver& observer) {
    std::filesystem::remove_all(root_ / "run");
    std::filesystem::create_directory(root_ / "run");
    const auto trainer = Make(observer);
    EXPECT_TRUE(trainer->Begin(nullptr).ok());
    const Result<RunSummary> summary = trainer->Train();
    EXPECT_TRUE(summary.ok()) << summary.status().message();
    return WeightHash(trainer->step().parameters());
  }
};

TEST_F(TrainerControl, SaveNow_SavesAfterTheStep) {
  Asker asker(7, [this] { control_.save_now = true; });
  Train(asker);
  EXPECT_THAT(asker.saves, ElementsAre(0, 5, 7, 10, 15, 20));
}

TEST_F(TrainerControl, StopSignal_EndsAfterTheStepWithASave) {
  Asker asker(7, [this] { control_.stop_signal = SIGTERM; });
  Train(asker);
  EXPECT_EQ(asker.last_step, 7u);
  EXPECT_THAT(asker.saves, ElementsAre(0, 5, 7));
  EXPECT_EQ(asker.end.step, 7u);
  EXPECT_EQ(asker.end.stop_signal, SIGTERM);
  EXPECT_THAT(asker.evaluations, IsEmpty());
}

// The stop comes with the last save, before the last evaluation.
TEST_F(TrainerControl, StopInTheLastEvaluation_EndsIt_AndAContinuedRunHasIt) {
  class StopAtLastSave : public Asker {
   public:
    explicit StopAtLastSave(RunControl& control) : control_(control) {}
    void OnSave(const SaveEvent& event) override {
      if (event.step == 20) control_.stop_signal = SIGINT;
    }

   private:
    RunControl& control_;
  };
  StopAtLastSave stopping(control_);
  Train(stopping);
  EXPECT_EQ(stopping.end.step, 20u);
  EXPECT_EQ(stopping.end.stop_signal, SIGINT);
  control_.stop_signal = 0;
  Asker again;
  const auto trainer = Make(again);
  ASSERT_TRUE(trainer->Continue((root_ / "run") + "/checkpoints/step-20", std::nullopt).ok());
  const Result<RunSummary> summary = trainer->Train();
  ASSERT_TRUE(summary.ok()) << summary.status().message();
  EXPECT_EQ(again.steps, 0u);
  EXPECT_EQ(again.end.stop_signal, 0);
  EXPECT_EQ(summary->best_step, 20u);
}

TEST_F(TrainerControl, StopWhileSamplesAreWritten_CutsThemOff) {
  Asker asker;
  const auto trainer = Make(asker);
  ASSERT_TRUE(trainer->Begin(nullptr).ok());
  control_.stop_signal = SIGTERM;
  EXPECT_THAT(trainer->WriteSamples({.count = 2, .tokens = 50}), ElementsAre("", ""));
}

TEST_F(TrainerControl, SampleNow_TellsASampleAfterTheStep) {
  Asker asker(7, [this] { control_.sample_now = true; });
  Train(asker);
  EXPECT_THAT(asker.samples, ElementsAre(7));
}

TEST_F(TrainerControl, EvaluateNow_TellsAnEvaluationFromWhichNothingFollows) {
  plan_.eval_every = 10;
  plan_.patience = 1;
  Asker undisturbed;
  const std::string hash = Train(undisturbed);
  Asker asker(7, [this] { control_.evaluate_now = true; });
  EXPECT_EQ(Train(asker), hash);
  EXPECT_THAT(undisturbed.evaluations, ElementsAre(10));
  EXPECT_THAT(asker.evaluations, ElementsAre(7, 10));
  EXPECT_EQ(asker.saves, undisturbed.saves);
  EXPECT_EQ(asker.end.best_step, undisturbed.end.best_step);
}

TEST_F(TrainerControl, EvaluateNowAtARegularEvaluation_IsAnsweredByIt) {
  plan_.eval_every = 10;
  Asker asker(10, [this] { control_.evaluate_now = true; });
  Train(asker);
  EXPECT_THAT(asker.evaluations, ElementsAre(10));
}

// Throws in every event that a training has.
class Thrower : public RunObserver {
 public:
  void OnStart(const StartEvent&) override { Throw(); }
  void OnStep(const StepEvent&) override { Throw(); }
  void OnEvaluation(const EvaluationEvent&) override { Throw(); }
  void OnSample(const SampleEvent&) override { Throw(); }
  void OnSave(const SaveEvent&) override { Throw(); }
  void OnNote(const NoteEvent&) override { Throw(); }
  void OnEnd(const EndEvent&) override { Throw(); }

 private:
  static void Throw() { throw std::runtime_error("no socket"); }
};

// Blocks in every step and at the end until the test lets it go.
class Blocker : public RunObserver {
 public:
  explicit Blocker(std::shared_future<void> go) : go_(std::move(go)) {}
  void OnStep(const StepEvent&) override { go_.wait(); }
  void OnEnd(const EndEvent&) override { go_.wait(); }

 private:
  std::shared_future<void> go_;
};

TEST_F(TrainerControl, ObserversThatBlockOrThrow_ChangeNothing) {
  plan_.eval_every = 5;
  plan_.samples = 1;
  Asker alone;
  const std::string hash = Train(alone);

  std::promise<void> go;
  QueuedObserver blocked(std::make_unique<Blocker>(go.get_future().share()), {.events = 4});
  QueuedObserver queued_thrower(std::make_unique<Thrower>());
  Thrower thrower;
  Asker among_others;
  FanOut all;
  all.Add("the blocked one", blocked);
  all.Add("the queued one", queued_thrower);
  all.Add("the throwing one", thrower);
  all.Add("the listener", among_others);
  EXPECT_EQ(Train(all), hash);
  go.set_value();

  EXPECT_EQ(among_others.steps, 20u);
  EXPECT_EQ(among_others.evaluations, alone.evaluations);
  EXPECT_EQ(among_others.samples, alone.samples);
  EXPECT_EQ(among_others.saves, alone.saves);
  EXPECT_EQ(among_others.end.best_step, alone.end.best_step);
  EXPECT_GT(blocked.dropped(), 0u);
  ASSERT_FALSE(among_others.notes.empty());
  EXPECT_EQ(among_others.notes[0], "the throwing one failed and is told no more of this run: no socket");
}

}  // namespace
}  // namespace cllm
