#include "train/time_left.h"

#include <gtest/gtest.h>

#include <vector>

namespace cllm {
namespace {

// What the parts of a made run take, in seconds of a clock that only this test moves.
struct Costs {
  double step, evaluation, sample, save;
};

// Runs the plan with these costs and returns, for each step, what was said to be left and what was.
struct Said {
  double left, really;
};
std::vector<Said> Simulate(const WorkPlan& plan, const Costs& costs, uint64_t last_best) {
  TimeLeft time;
  double now = 0;
  const auto take = [&](TimeLeft::Work work, double seconds) {
    now += seconds;
    time.Took(work, seconds);
  };
  take(TimeLeft::Work::kSave, costs.save);  // step 0
  std::vector<double> said, at;
  for (uint64_t step = 1; step <= plan.total; ++step) {
    take(TimeLeft::Work::kStep, costs.step * (step % 2 == 0 ? 1.1 : 0.9));
    WorkLeft left = time.Left(plan, step);
    left.evaluation_in_steps = costs.evaluation / costs.step;
    said.push_back(time.Seconds(left));
    at.push_back(now);
    bool saved = false;
    if (step % plan.eval_every == 0 && step < plan.total) {
      take(TimeLeft::Work::kEvaluation, costs.evaluation);
      if (plan.samples_at_evaluations) take(TimeLeft::Work::kSample, costs.sample);
      saved = step <= last_best;
      time.Evaluated(saved);
      if (saved) take(TimeLeft::Work::kSave, costs.save);
    }
    if ((step % plan.save_every == 0 && !saved) || (step == plan.total && step % plan.save_every != 0)) {
      take(TimeLeft::Work::kSave, costs.save);
    }
  }
  now += plan.last_evaluation * costs.evaluation + plan.last_samples * costs.sample;
  std::vector<Said> both;
  for (size_t i = 0; i < said.size(); ++i) both.push_back({said[i], now - at[i]});
  return both;
}

void ExpectNear(const std::vector<Said>& said, uint64_t from, double tolerance) {
  for (size_t i = from - 1; i < said.size(); ++i) {
    EXPECT_NEAR(said[i].left, said[i].really, tolerance * said[i].really + 0.2) << "after step " << i + 1;
  }
}

// The run that was found: 30 of 300 steps, an evaluation each 3, was said to last 1.9 s more and took 5.5.
TEST(TimeLeft, FrequentEvaluationsCount) {
  const WorkPlan plan{.total = 300,
                      .eval_every = 3,
                      .save_every = 75,
                      .samples_at_evaluations = true,
                      .last_evaluation = 4,
                      .last_samples = 5};
  const auto said = Simulate(plan, {.step = 0.007, .evaluation = 0.02, .sample = 0.01, .save = 0.012}, 300);
  EXPECT_GT(said[29].left, 2 * 270 * 0.007);
  ExpectNear(said, 30, 0.1);
}

TEST(TimeLeft, ACostlyLastEvaluationCounts) {
  ExpectNear(Simulate({.total = 200, .eval_every = 10, .save_every = 50, .last_evaluation = 40},
                      {.step = 0.5, .evaluation = 2, .sample = 0, .save = 1}, 200),
             20, 0.1);
}

TEST(TimeLeft, BeforeTheFirstEvaluation_ItsPriceIsReckonedFromTheSteps) {
  const auto said = Simulate({.total = 1000, .eval_every = 500, .save_every = 1000, .last_evaluation = 3},
                             {.step = 0.1, .evaluation = 20, .sample = 0, .save = 0.5}, 0);
  ExpectNear(said, 20, 0.1);
}

TEST(TimeLeft, EvaluationsThatAreNoLongerTheBest_SaveNothing) {
  const auto said = Simulate({.total = 400, .eval_every = 4, .save_every = 400, .last_evaluation = 1},
                             {.step = 0.1, .evaluation = 0.1, .sample = 0, .save = 1}, 40);
  ExpectNear(said, 350, 0.35);
  // All of the saves that might come are counted while each evaluation is the best.
  EXPECT_GT(said[30].left, said[30].really);
}

TEST(TimeLeft, TooLittleSeen_IsUnknown) {
  TimeLeft time;
  EXPECT_LT(time.Seconds({.steps = 10}), 0);
  time.Took(TimeLeft::Work::kStep, 2);
  EXPECT_LT(time.Seconds({.steps = 10}), 0);
  time.Took(TimeLeft::Work::kStep, 2);
  EXPECT_NEAR(time.Seconds({.steps = 10}), 20, 1e-9);
  TimeLeft fast;
  for (int i = 0; i < 9; ++i) fast.Took(TimeLeft::Work::kStep, 0.01);
  EXPECT_LT(fast.Seconds({.steps = 10}), 0);
  fast.Took(TimeLeft::Work::kStep, 0.01);
  EXPECT_NEAR(fast.Seconds({.steps = 10}), 0.1, 1e-9);
}

TEST(TimeLeft, AChangeOfSpeed_IsFollowed) {
  TimeLeft time;
  for (int i = 0; i < 100; ++i) time.Took(TimeLeft::Work::kStep, 1);
  for (int i = 0; i < 60; ++i) time.Took(TimeLeft::Work::kStep, 2);
  EXPECT_NEAR(time.Seconds({.steps = 10}), 20, 1);
}

TEST(TimeLeft, Left_CountsWhatIsDue) {
  const TimeLeft time;
  const WorkPlan plan{.total = 100, .eval_every = 10, .save_every = 30, .samples_at_evaluations = true};
  const WorkLeft left = time.Left(plan, 50);
  EXPECT_EQ(left.steps, 50);
  EXPECT_EQ(left.evaluations, 5 + 1);  // at 50, 60, 70, 80, 90; at the end
  EXPECT_EQ(left.samples, 5);
  EXPECT_EQ(left.saves, 2 + (5 - 2) + 1);  // 60, 90; the best of 50, 70, 80; the end
  const WorkLeft end = time.Left(plan, 100);
  EXPECT_EQ(end.steps, 0);
  EXPECT_EQ(end.evaluations, 1);
}

}  // namespace
}  // namespace cllm
