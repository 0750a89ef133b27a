#include "terminal/progress_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "terminal/text_width.h"

namespace cllm {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

StepEvent AtStep(uint64_t step, double eta_s = -1) {
  return {
      .step = step, .total = 20, .smooth_loss = 2.34567, .tokens_per_s = 23000.9, .peak_share = 0.584, .eta_s = eta_s};
}

TEST(FitParts, PartsAreDroppedFromTheRight) {
  const std::vector<std::string> parts = {"step 1/20", "loss 2.3", "9s left"};
  EXPECT_EQ(FitParts(parts, 80), "step 1/20 | loss 2.3 | 9s left");
  EXPECT_EQ(FitParts(parts, 30), "step 1/20 | loss 2.3 | 9s left");
  EXPECT_EQ(FitParts(parts, 29), "step 1/20 | loss 2.3");
  EXPECT_EQ(FitParts(parts, 19), "step 1/20");
  EXPECT_EQ(FitParts(parts, 6), "step 1");
  EXPECT_EQ(FitParts(parts, 0), "");
}

TEST(FitParts, WideAndCombiningCharactersCount) {
  EXPECT_EQ(FitParts({"日本語", "x"}, 9), "日本語");
  EXPECT_EQ(FitParts({"日本語", "x"}, 10), "日本語 | x");
  EXPECT_EQ(FitParts({"日本語", "x"}, 5), "日本");
  EXPECT_EQ(FitParts({"e\xCC\x81", "x"}, 5), "e\xCC\x81 | x");
}

TEST(StepParts, WithoutAnEta_SayNothingOfTheTimeLeft) {
  EXPECT_THAT(StepParts(AtStep(5), {}), ElementsAre("step 5/20", "loss 2.3457", "23,000 tok/s", "58% of peak"));
}

TEST(StepParts, UnknownPeak_IsLeftOut) {
  StepEvent event = AtStep(3);
  event.peak_share = 0;
  EXPECT_THAT(StepParts(event, {"val 2.3 (sample)", "3.3 bits/byte"}),
              ElementsAre("step 3/20", "loss 2.3457", "val 2.3 (sample)", "23,000 tok/s", "3.3 bits/byte"));
}

TEST(StepParts, WithAnEta_SayWhenItEnds) {
  EXPECT_THAT(StepParts(AtStep(10, 80), {}), Contains("1m20s left"));
  EXPECT_THAT(StepParts(AtStep(10, 80), {}).back(), testing::MatchesRegex("ends [0-9]+:[0-9]+:[0-9]+"));
}

TEST(StepBar, EveryWindow_IsNotOverfull) {
  for (size_t columns = 0; columns < 250; ++columns) {
    const std::string line = StepBar(AtStep(10, 80), {"val 2.3100 (sample)", "3.3326 bits/byte"}, columns);
    EXPECT_LE(ColumnsOf(line), columns);
    if (columns >= 40) {
      EXPECT_THAT(line, StartsWith("step 10/20 | loss 2.3457 | 1m20s left"));
    }
  }
  EXPECT_THAT(StepBar(AtStep(10, 80), {}, 200), HasSubstr(" [===========           ]"));
}

TEST(PhaseParts, SayTheShare_AndAfterSomeSecondsTheTimeLeft) {
  EXPECT_THAT(PhaseParts({"reading", 0.25}, 0.1), ElementsAre("reading", "25%"));
  EXPECT_THAT(PhaseParts({"reading", 0.25}, 2), ElementsAre("reading", "25%", "2.0s"));
  EXPECT_THAT(PhaseParts({"reading", 0.25}, 10), ElementsAre("reading", "25%", "10s", "about 30s left"));
  EXPECT_THAT(PhaseParts({"reading", -1}, 10), ElementsAre("reading", "10s"));
  EXPECT_THAT(PhaseParts({"reading", 1}, 10), ElementsAre("reading", "100%", "10s"));
  EXPECT_THAT(PhaseParts({"reading", 0}, 10), Not(Contains(HasSubstr("left"))));
}

}  // namespace
}  // namespace cllm
