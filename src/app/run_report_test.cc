#include "app/run_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cllm {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

RunSummary Ended() {
  RunSummary summary;
  summary.step = summary.best_step = 300;
  summary.saved_step = 300;
  summary.scores.token = 1.5;
  summary.bits_per_byte = 2.25;
  summary.whole = true;
  summary.tokens = 90000;
  summary.seconds = 80;
  return summary;
}

TEST(EndText, SaysWhatWasMeasuredOn) {
  EXPECT_THAT(
      EndText(Ended(), "runs/a-1"),
      HasSubstr("done: step 300, validation 1.5000 nats per token, 2.2500 bits per byte over the whole validation "
                "part, 1m20s\n"));
  RunSummary part = Ended();
  part.whole = false;
  EXPECT_THAT(EndText(part, "runs/a-1"), HasSubstr("on 90,000 tokens of the validation part, "));
}

TEST(EndText, OtherWeightsThanTheLast_AreNamed) {
  RunSummary earlier = Ended();
  earlier.best_step = 280;
  EXPECT_THAT(EndText(earlier, "runs/a-1"), HasSubstr("part with the weights of step 280, the best, "));
}

TEST(EndText, CommandsCanBePasted) {
  EXPECT_THAT(EndText(Ended(), "my runs/it's"),
              AllOf(HasSubstr(" generate 'my runs/it'\\''s' -p \"Once\"\n"),
                    HasSubstr(" eval 'my runs/it'\\''s' TEXT\n"), HasSubstr(" resume 'my runs/it'\\''s' --steps 600")));
  EXPECT_THAT(EndText(Ended(), "runs/a-1"), AllOf(HasSubstr(" chat runs/a-1\n"), HasSubstr(" serve runs/a-1\n"),
                                                  HasSubstr(" resume runs/a-1 --steps 600")));
  EXPECT_THAT(StoppedText(Ended(), "a $b"), HasSubstr(" resume 'a $b'"));
  EXPECT_THAT(StoppedText(Ended(), "-run"), HasSubstr(" resume ./-run"));
}

TEST(EndText, AModelThatAnswers_IsTalkedWith) {
  RunSummary taught = Ended();
  taught.of_answers = true;
  EXPECT_THAT(EndText(taught, "runs/a-1"), AllOf(HasSubstr(" chat runs/a-1\n"), Not(HasSubstr(" generate "))));
}

TEST(EndText, AfterPatience_TheNextStepsAreThePlannedOnes) {
  RunSummary ended = Ended();
  ended.patience_ended = true;
  ended.planned = 6000;
  EXPECT_THAT(EndText(ended, "runs/a-1"), HasSubstr(" resume runs/a-1 --steps 6000"));
}

TEST(MemorisedNote, SaysWhatToDo) {
  EXPECT_EQ(MemorisedNote(Ended()), "");
  RunSummary memorised = Ended();
  memorised.memorised = true;
  memorised.best_step = 100;
  EXPECT_THAT(MemorisedNote(memorised),
              AllOf(HasSubstr("of step 100"), HasSubstr("`dropout`"), HasSubstr("`patience`")));
}

TEST(SummaryJson, TellsMeasuresApart) {
  EXPECT_THAT(SummaryJson(Ended(), "r"), AllOf(HasSubstr("\"whole\":true"), HasSubstr("\"tokens\":90000")));
}

}  // namespace
}  // namespace cllm
