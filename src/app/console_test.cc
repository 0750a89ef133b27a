#include "app/console.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace cllm {
namespace {

using testing::HasSubstr;
using testing::Not;

StepEvent AtStep(uint64_t step) {
  return {.step = step, .total = 20, .smooth_loss = 2.34567, .tokens_per_s = 23000.9, .peak_share = 0.584, .eta_s = 80};
}

// What is written on standard error.
std::string Written(const std::function<void()>& work) {
  testing::internal::CaptureStderr();
  work();
  return testing::internal::GetCapturedStderr();
}

TEST(ConsoleObserver, Lines_SayEvaluationsAndNotes) {
  ConsoleObserver console(ConsoleStyle::kLines);
  EXPECT_EQ(Written([&] {
              console.OnEvaluation(
                  {.step = 10, .loss_token = 1.5, .bits_per_byte = 2.25, .best = true, .tokens = 16384});
              console.OnEvaluation({.step = 15, .loss_token = 1.6, .bits_per_byte = 2.5, .tokens = 16384});
            }),
            "step 10: validation 1.5000 nats per token, 2.2500 bits per byte on a sample of 16,384 tokens, the best so "
            "far on it\n"
            "step 15: validation 1.6000 nats per token, 2.5000 bits per byte on a sample of 16,384 tokens\n");
  EXPECT_EQ(Written([&] { console.OnNote({"a word"}); }), "note: a word\n");
  EXPECT_THAT(Written([&] { console.OnStep(AtStep(20)); }),
              HasSubstr("step 20/20 | loss 2.3457 | 1m20s left | val 1.6000 (sample) | 23,000 tok/s | "));
}

TEST(ConsoleObserver, AValueOfAnotherMeasure_IsNotCalledTheBest) {
  ConsoleObserver console(ConsoleStyle::kLines);
  const std::string text = Written([&] {
    console.OnEvaluation({.step = 10, .loss_token = 1.5, .best = true, .tokens = 1024});
    console.OnEvaluation({.step = 20, .loss_token = 1.7, .best = true, .tokens = 9000});
    console.OnEvaluation({.step = 20, .loss_token = 1.7, .best = true, .whole = true, .tokens = 90000});
  });
  EXPECT_THAT(text, HasSubstr("on a sample of 1,024 tokens, the best so far on it\n"));
  EXPECT_THAT(text, HasSubstr("on a sample of 9,000 tokens\n"));
  EXPECT_THAT(text, HasSubstr("over the whole validation part\n"));
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
              console.OnPhase({"reading", 0.5});
              console.OnStep(AtStep(20));
              console.OnEvaluation({.step = 20});
              console.Say("a plan");
              console.OnEnd({});
            }),
            "");
}

TEST(ConsoleObserver, Lines_ShortPhasesAreNotTold) {
  ConsoleObserver console(ConsoleStyle::kLines);
  EXPECT_EQ(Written([&] {
              console.OnPhase({"reading", 0.5});
              console.OnPhase({});
            }),
            "");
}

TEST(ConsoleObserver, Bar_ANoteStandsAboveIt_TheEndLeavesIt) {
  const std::string text = Written([] {
    ConsoleObserver console(ConsoleStyle::kBar);
    console.OnPhase({"reading", 0.5});
    console.OnPhase({});
    console.OnStep(AtStep(20));
    console.OnNote({"a word"});
    console.OnEnd({});
    console.OnEnd({});
  });
  EXPECT_TRUE(text.starts_with("\r\033[Kreading | 50%\r\033[K\r\033[Kstep 20/20 | loss 2.3457 | ")) << text;
  EXPECT_THAT(text, HasSubstr("\r\033[K\033[1;33mnote:\033[0m a word\n\r\033[Kstep 20/20 | "));
  EXPECT_THAT(text, Not(HasSubstr("\n\n")));
  EXPECT_TRUE(text.ends_with("\n")) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
}

TEST(ConsoleObserver, Bar_APhaseLeavesNothing) {
  const std::string text = Written([] {
    ConsoleObserver console(ConsoleStyle::kBar);
    console.OnPhase({"reading", 0.5});
  });
  EXPECT_TRUE(text.ends_with("\r\033[K")) << text;
  EXPECT_THAT(text, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace cllm
