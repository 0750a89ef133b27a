#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <vector>

#include "train/testing/trainer_fixture.h"

// Runs by time, on a clock that the test owns: they keep it, and are repeated without it.
namespace cllm {
namespace {

// Lets time pass with what happens, and keeps what was decided.
class Time : public RunObserver {
 public:
  explicit Time(std::function<double(double now)> step_seconds) : step_seconds_(std::move(step_seconds)) {}
  void OnPace(const PaceEvent& event) override { pace.push_back({event.until, event.fraction}); }
  void OnStep(const StepEvent& event) override {
    now += step_seconds_(now);
    steps = event.step;
    if (event.step == stop_at && control != nullptr) control->stop_signal = SIGTERM;
  }
  void OnEvaluation(const EvaluationEvent& event) override {
    now += 0.5;
    if (!event.whole) evaluations.push_back(event.step);
  }
  void OnEnd(const EndEvent& event) override { end = event; }

  double now = 0;
  uint64_t steps = 0, stop_at = 0;
  RunControl* control = nullptr;
  std::vector<Breakpoint> pace = {{0, 0}};
  std::vector<uint64_t> evaluations;
  EndEvent end;

 private:
  std::function<double(double now)> step_seconds_;
};

class TimedRun : public TrainerTest {
 protected:
  static constexpr double kSeconds = 60;
  TimedRun() {
    plan_.step.schedule = OpenSchedule(5);
    plan_.eval_every = 12, plan_.save_every = 10;
  }
  std::unique_ptr<Trainer> Timed(Time& time, std::optional<TimeBudget> budget) {
    auto trainer = Trainer::Create({.plan = plan_,
                                    .run = root_ / "run",
                                    .tokenizer = tokenizer_,
                                    .corpus = *corpus_,
                                    .files = files_,
                                    .observer = time,
                                    .control = control_,
                                    .time = budget,
                                    .clock = [&time] { return time.now; }});
    EXPECT_TRUE(trainer.ok()) << trainer.status().message();
    return *std::move(trainer);
  }
  std::string Finish(Trainer& trainer) {
    const Result<RunSummary> summary = trainer.Train();
    EXPECT_TRUE(summary.ok()) << summary.status().message();
    return WeightHash(trainer.step().parameters());
  }
  std::string Train(Time& time, std::optional<TimeBudget> budget) {
    Clear();
    const auto trainer = Timed(time, budget);
    EXPECT_TRUE(trainer->Begin(nullptr).ok());
    return Finish(*trainer);
  }
  void Clear() {
    std::filesystem::remove_all(root_ / "run");
    std::filesystem::create_directory(root_ / "run");
  }
  // The plan of a run that repeats what `time` saw decided.
  void Replay(const Time& time) {
    const auto schedule = Schedule::FromPace(time.pace, 5);
    ASSERT_TRUE(schedule.ok()) << schedule.status().message();
    plan_.step.schedule = *schedule;
  }
  std::string Newest() {
    const auto found = Checkpoints(files_, root_ / "run").NewestValid();
    EXPECT_TRUE(found.ok()) << found.status().message();
    return found->directory;
  }
};

TEST_F(TimedRun, MachineThatGetsSlower_KeepsTheTime_AndIsRepeatedExactly) {
  Time first([](double now) { return now < 15 ? 0.2 : 0.4; });
  const std::string hash = Train(first, TimeBudget{0, kSeconds, 0.2});
  EXPECT_NEAR(first.now, kSeconds, 0.1 * kSeconds);
  Replay(first);
  Time again([](double) { return 1e6; });
  EXPECT_EQ(Train(again, std::nullopt), hash);
  EXPECT_EQ(again.steps, first.steps);
  EXPECT_EQ(again.evaluations, first.evaluations);
  EXPECT_EQ(again.end.best_step, first.end.best_step);
}

TEST_F(TimedRun, MachineThatGetsFaster_KeepsTheTime_AndIsRepeatedExactly) {
  Time first([](double now) { return now < 15 ? 0.4 : 0.2; });
  const std::string hash = Train(first, TimeBudget{0, kSeconds, 0.4});
  EXPECT_NEAR(first.now, kSeconds, 0.1 * kSeconds);
  Replay(first);
  Time again([](double) { return 0.0; });
  EXPECT_EQ(Train(again, std::nullopt), hash);
}

TEST_F(TimedRun, ReplayThatIsStoppedAndResumed_HasTheSameBits) {
  Time first([](double now) { return now < 15 ? 0.2 : 0.4; });
  const std::string hash = Train(first, TimeBudget{0, kSeconds, 0.2});
  Replay(first);
  Clear();
  Time until([](double) { return 0.1; });
  until.stop_at = 33, until.control = &control_;
  {
    const auto trainer = Timed(until, std::nullopt);
    ASSERT_TRUE(trainer->Begin(nullptr).ok());
    Finish(*trainer);
  }
  control_.stop_signal = 0;
  Time rest([](double) { return 7.0; });
  const auto trainer = Timed(rest, std::nullopt);
  ASSERT_TRUE(trainer->Continue(Newest(), std::nullopt).ok());
  EXPECT_EQ(Finish(*trainer), hash);
}

TEST_F(TimedRun, StoppedAndResumed_UsesTheTimeThatWasLeft_AndIsRepeatedExactly) {
  Time until([](double) { return 0.25; });
  until.stop_at = 80, until.control = &control_;
  Train(until, TimeBudget{0, kSeconds, 0.25});
  control_.stop_signal = 0;
  const Result<RunState> state = ReadState(Newest());
  ASSERT_TRUE(state.ok()) << state.status().message();
  EXPECT_TRUE(state->schedule.open());
  EXPECT_NEAR(state->time_left_s, kSeconds - until.now, 1);
  Time rest([](double) { return 0.25; });
  rest.now = 1000;
  const auto trainer = Timed(rest, TimeBudget{1000, state->time_left_s, 0.25});
  ASSERT_TRUE(trainer->Continue(Newest(), std::nullopt).ok());
  const std::string hash = Finish(*trainer);
  EXPECT_NEAR(rest.now - 1000, state->time_left_s, 0.1 * kSeconds);
  until.pace.insert(until.pace.end(), rest.pace.begin() + 1, rest.pace.end());
  Replay(until);
  Time again([](double) { return 0.1; });
  EXPECT_EQ(Train(again, std::nullopt), hash);
}

// A kill loses what was trained since the last save; the configuration still knows what was decided for it.
TEST_F(TimedRun, BreakpointsThatTheConfigurationHasBeyondTheCheckpoint_AreKept) {
  Time first([](double) { return 0.25; });
  const std::string hash = Train(first, TimeBudget{0, kSeconds, 0.25});
  Replay(first);
  const auto before = Checkpoints(files_, root_ / "run").NewestValid(first.steps);
  ASSERT_TRUE(before.ok()) << before.status().message();
  Time rest([](double) { return 3.0; });
  const auto trainer = Timed(rest, std::nullopt);
  ASSERT_TRUE(trainer->Continue(before->directory, std::nullopt).ok());
  EXPECT_LT(trainer->state().step, first.steps);
  EXPECT_EQ(Finish(*trainer), hash);
}

TEST_F(TimedRun, CompleteRun_GoesOnByTime) {
  plan_.step.schedule.segments = {{.begin = 0, .end = 20}};
  Time first([](double) { return 0.1; });
  Train(first, std::nullopt);
  Time more([](double) { return 0.1; });
  const auto trainer = Timed(more, TimeBudget{0, 20, 0.1});
  ASSERT_TRUE(trainer->Continue(Newest(), std::nullopt).ok());
  Finish(*trainer);
  EXPECT_GT(more.steps, 60u);
  EXPECT_NEAR(more.now, 20, 2);
  EXPECT_EQ(trainer->state().schedule.segments.size(), 2u);
  EXPECT_FALSE(trainer->state().schedule.open());
}

}  // namespace
}  // namespace cllm
