#include "train/learning_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(LearningWatch, ALossAboveAUniformGuess_IsToldOnce) {
  LearningWatch watch(259);  // ln 259 = 5.56
  for (int i = 0; i < 9; ++i) EXPECT_EQ(watch.AfterStep(9), "");
  EXPECT_THAT(watch.AfterStep(9), AllOf(HasSubstr("9.00 nats"), HasSubstr("5.56"), HasSubstr("lower `lr`")));
  EXPECT_EQ(watch.AfterStep(9), "");
}

TEST(LearningWatch, AnOrdinaryStart_IsNoFault) {
  LearningWatch watch(259);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(watch.AfterStep(5.7 - 0.01 * i), "");
}

TEST(LearningWatch, OneBadStep_IsNoFault) {
  LearningWatch watch(4096);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(watch.AfterStep(i == 30 ? 20 : 5), "");
}

TEST(LearningWatch, ALossThatExplodesLate_IsToldThen) {
  LearningWatch watch(1024);  // 6.93
  for (int i = 0; i < 200; ++i) EXPECT_EQ(watch.AfterStep(4), "");
  std::string told;
  for (int i = 0; i < 20; ++i) told += watch.AfterStep(30);
  EXPECT_THAT(told, HasSubstr("far above"));
}

// Evaluations of a run: training and validation losses, and how many in a row were worse.
std::string Evaluate(LearningWatch& watch, double training, const SampleVerdict& verdict) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(watch.AfterStep(training), "");
  return watch.AfterEvaluation(verdict);
}

TEST(LearningWatch, ValidationThatRisesWhileTrainingFalls_IsToldOnce) {
  LearningWatch watch(259);
  EXPECT_EQ(Evaluate(watch, 3, {.step = 5, .loss = 3.1, .best_step = 5, .best_loss = 3.1}), "");
  EXPECT_EQ(Evaluate(watch, 2, {.step = 10, .loss = 3.3, .best_step = 5, .best_loss = 3.1, .worse = 1}), "");
  EXPECT_THAT(Evaluate(watch, 1, {.step = 15, .loss = 3.5, .best_step = 5, .best_loss = 3.1, .worse = 4}),
              AllOf(HasSubstr("3.5000 nats per token at step 15, 3.1000 at step 5"), HasSubstr("`patience`")));
  EXPECT_EQ(Evaluate(watch, 0.5, {.step = 20, .loss = 3.7, .best_step = 5, .best_loss = 3.1, .worse = 5}), "");
}

TEST(LearningWatch, BothRising_IsNotMemorising) {
  LearningWatch watch(259);
  EXPECT_EQ(Evaluate(watch, 3, {.step = 5, .loss = 3.1, .best_step = 5, .best_loss = 3.1}), "");
  EXPECT_EQ(Evaluate(watch, 3.5, {.step = 10, .loss = 3.4, .best_step = 5, .best_loss = 3.1, .worse = 1}), "");
  EXPECT_EQ(Evaluate(watch, 4, {.step = 15, .loss = 3.9, .best_step = 5, .best_loss = 3.1, .worse = 4}), "");
}

// A rate that is too high: the training loss rises as well, and falls again later, above what it was.
TEST(LearningWatch, TrainingThatFallsAgain_AboveItsBest_IsNotMemorising) {
  for (const std::vector<double>& training :
       {std::vector<double>{3, 5, 4.5, 4, 3.5, 3.2}, {2.5, 6, 5.5, 5, 4.5, 4}, {2, 2.4, 2.3, 2.2, 2.1, 2.05}}) {
    LearningWatch watch(259);
    const double best = training.front() + 0.1;
    for (size_t i = 0; i < training.size(); ++i) {
      EXPECT_EQ(Evaluate(watch, training[i],
                         {.step = 5 * i + 5, .loss = training[i] + 0.5 * (i != 0), .best_step = 5, .best_loss = best,
                          .worse = i}),
                "");
    }
    EXPECT_TRUE(watch.TrainingRose());
  }
}

TEST(LearningWatch, TrainingThatFallsBelowItsBestAfterAll_IsMemorising) {
  LearningWatch watch(259);
  EXPECT_EQ(Evaluate(watch, 3, {.step = 5, .loss = 3.1, .best_step = 5, .best_loss = 3.1}), "");
  EXPECT_EQ(Evaluate(watch, 3.5, {.step = 10, .loss = 3.4, .best_step = 5, .best_loss = 3.1, .worse = 3}), "");
  EXPECT_EQ(Evaluate(watch, 3.1, {.step = 15, .loss = 3.4, .best_step = 5, .best_loss = 3.1, .worse = 4}), "");
  EXPECT_TRUE(watch.TrainingRose());
  EXPECT_THAT(Evaluate(watch, 2.9, {.step = 20, .loss = 3.4, .best_step = 5, .best_loss = 3.1, .worse = 5}),
              HasSubstr("memorise"));
  EXPECT_FALSE(watch.TrainingRose());
}

// The best evaluation was before a resume: what falls is enough.
TEST(LearningWatch, WithoutTheBestEvaluation_FallingIsJudgedAlone) {
  LearningWatch watch(259);
  EXPECT_EQ(Evaluate(watch, 3, {.step = 25, .loss = 3.4, .best_step = 5, .best_loss = 3.1, .worse = 4}), "");
  EXPECT_FALSE(watch.TrainingRose());
  EXPECT_THAT(Evaluate(watch, 2, {.step = 30, .loss = 3.5, .best_step = 5, .best_loss = 3.1, .worse = 5}),
              HasSubstr("memorise"));
}

TEST(LearningWatch, NoiseAroundTheBest_IsNotMemorising) {
  LearningWatch watch(259);
  EXPECT_EQ(Evaluate(watch, 3, {.step = 5, .loss = 3.1, .best_step = 5, .best_loss = 3.1}), "");
  EXPECT_EQ(Evaluate(watch, 2.9, {.step = 10, .loss = 3.11, .best_step = 5, .best_loss = 3.1, .worse = 1}), "");
  EXPECT_EQ(Evaluate(watch, 2.8, {.step = 15, .loss = 3.12, .best_step = 5, .best_loss = 3.1, .worse = 4}), "");
}

}  // namespace
}  // namespace cllm
