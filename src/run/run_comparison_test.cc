#include "run/run_comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "run/testing/trained_runs.h"

namespace cllm {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class RunComparisonTest : public TrainedRuns {
 protected:
  RunComparison CompareTwo() { return Compare({Read("a"), Read("b")}); }
  static std::vector<std::string> Names(const std::vector<RunDifference>& differences) {
    std::vector<std::string> names;
    for (const RunDifference& difference : differences) names.push_back(difference.name);
    return names;
  }
};

TEST_F(RunComparisonTest, SameChoices_AreTheSame_ToTheLastBit) {
  Train(Tiny(), "a");
  Train(Tiny(), "b");
  const RunComparison comparison = CompareTwo();
  EXPECT_TRUE(comparison.same_text);
  EXPECT_TRUE(comparison.same_weights);
  EXPECT_THAT(comparison.configuration, IsEmpty());
  EXPECT_THAT(Names(comparison.results), testing::Contains("bits per byte"));
}

TEST_F(RunComparisonTest, OtherChoices_AreListed) {
  Train(Tiny(), "a");
  RunChoices other = Tiny();
  other.seed = 7, other.steps = 10;
  Train(other, "b");
  const RunComparison comparison = CompareTwo();
  EXPECT_TRUE(comparison.same_text);
  EXPECT_FALSE(comparison.same_weights);
  EXPECT_THAT(Names(comparison.configuration), ElementsAre("steps", "seed"));
  EXPECT_THAT(comparison.configuration[0].values, ElementsAre("12", "10"));
  for (const RunDifference& result : comparison.results) {
    if (result.name == "steps") {
      EXPECT_THAT(result.values, ElementsAre("12 of 12", "10 of 10"));
    }
    EXPECT_THAT(result.values, Not(testing::Contains(""))) << result.name;
  }
}

TEST_F(RunComparisonTest, OtherTexts_AreTold) {
  Train(Tiny(), "a");
  RunChoices other = Tiny();
  other.text = {root_.Write("other.txt", ReadText(Text()) + "one line more\n")};
  Train(other, "b");
  const RunComparison comparison = CompareTwo();
  EXPECT_FALSE(comparison.same_text);
  EXPECT_THAT(Names(comparison.configuration), ElementsAre("text"));
}

TEST_F(RunComparisonTest, StoppedRun_IsMarkedAsMeasuredOnASample) {
  Train(Tiny(), "a");
  stop_after_ = 8;
  Train(Tiny(), "b");
  for (const RunDifference& result : CompareTwo().results) {
    if (result.name != "bits per byte") continue;
    EXPECT_THAT(result.values[0], Not(testing::HasSubstr("sample")));
    EXPECT_THAT(result.values[1], testing::HasSubstr("(of a sample)"));
  }
}

}  // namespace
}  // namespace cllm
