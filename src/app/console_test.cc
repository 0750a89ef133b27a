#include "app/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace cllm {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

StepEvent AtStep(uint64_t step) {
  return {.step = step, .total = 20, .smooth_loss = 2.34567, .tokens_per_s = 23000.9, .peak_share = 0.584, .eta_s = 80};
}

// What is written on standard error.
std::string Written(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

TEST(ProgressText, FirstSteps_HaveNoTimeLeft) {
  EXPECT_EQ(ProgressText(AtStep(5), "", ConsoleStyle::kLines), "step 5/20 loss 2.3457 | 23,000 tok/s | 58% of peak");
  EXPECT_EQ(ProgressText(AtStep(5), " val 2.31", ConsoleStyle::kBar),
            "step 5/20 [=====               ] loss 2.3457 val 2.31 | 23,000 tok/s | 58% of peak");
}

TEST(ProgressText, FromTheTenthStepOn_SaysWhenItEnds) {
  EXPECT_THAT(ProgressText(AtStep(10), "", ConsoleStyle::kLines),
              MatchesRegex(".* \\| eta 1m20s \\([0-9][0-9]:[0-9][0-9]:[0-9][0-9]\\)"));
}

TEST(ProgressText, UnknownPeak_IsLeftOut) {
  StepEvent event = AtStep(3);
  event.peak_share = 0;
  EXPECT_EQ(ProgressText(event, "", ConsoleStyle::kLines), "step 3/20 loss 2.3457 | 23,000 tok/s");
}

TEST(ConsoleObserver, Lines_SayEvaluationsAndNotes) {
  ConsoleObserver console(ConsoleStyle::kLines);
  EXPECT_EQ(Written([&] {
              console.OnEvaluation({.step = 10, .loss_token = 1.5, .bits_per_byte = 2.25, .best = true});
              console.OnEvaluation({.step = 20, .loss_token = 1.5, .bits_per_byte = 2.25, .whole = true});
            }),
            "step 10: validation 1.5000 nats per token, 2.2500 bits per byte, the best so far\n"
            "step 20: validation 1.5000 nats per token, 2.2500 bits per byte over the whole validation part\n");
  EXPECT_EQ(Written([&] { console.OnNote({"a word"}); }), "note: a word\n");
  EXPECT_THAT(Written([&] { console.OnStep(AtStep(20)); }), HasSubstr("step 20/20 loss 2.3457 val 1.5000 (2.2500 "));
}

TEST(ConsoleObserver, SkippedSavesAndRollbacks_AreNotes) {
  ConsoleObserver console(ConsoleStyle::kQuiet);
  EXPECT_EQ(Written([&] {
              console.OnSkippedSave({7, "step 7 was not saved"});
              console.OnRollback({5, 0.5, "step 7, item 3: a loss"});
            }),
            "note: step 7 was not saved\nnote: step 7, item 3: a loss; back to step 5 with the rate times 0.5\n");
}

TEST(ConsoleObserver, Quiet_SaysNotesOnly) {
  ConsoleObserver console(ConsoleStyle::kQuiet);
  EXPECT_EQ(Written([&] {
              console.OnStep(AtStep(20));
              console.OnEvaluation({.step = 20});
              console.OnEnd({});
            }),
            "");
}

TEST(ConsoleObserver, Bar_IsEndedByANoteTheEndOrTheDestructor) {
  const std::string text = Written([] {
    ConsoleObserver console(ConsoleStyle::kBar);
    console.OnStep(AtStep(20));
    console.OnNote({"a word"});
    console.OnStep(AtStep(20));
    console.OnEnd({});
    console.OnEnd({});
    console.OnStep(AtStep(20));
  });
  EXPECT_TRUE(text.starts_with("\r\033[Kstep 20/20 [====================] ")) << text;
  EXPECT_THAT(text, HasSubstr("\nnote: a word\n\r\033[K"));
  EXPECT_THAT(text, testing::Not(HasSubstr("\n\n")));
  EXPECT_TRUE(text.ends_with(")\n"));
}

}  // namespace
}  // namespace cllm
