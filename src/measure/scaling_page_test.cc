#include "measure/scaling_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "measure/scaling_bench.h"
#include "measure/seeded_text.h"

namespace cllm::measure {
namespace {

using testing::HasSubstr;
using testing::Not;

// A model that takes no time, on more threads than cores too.
ScalingOptions TinyScaling() {
  ScalingOptions options;
  options.configuration = {
      "tiny", {.layers = 1, .heads = 1, .width = 8, .hidden = 8, .context = 8, .vocabulary = 30}, 8};
  options.precision = "fp32";
  options.optimizer = "adamw";
  options.threads = {1, 2, 5};
  options.steps = 5;
  options.text = SeededText(1, 20000);
  options.learn_steps = 60;
  options.learn_batch = 8;
  return options;
}

// Measured once: what the tests look at.
const ScalingResult& Measured() {
  static const Result<ScalingResult> result = MeasureScaling(TinyScaling());
  CHECK(result.ok());
  return *result;
}

void ExpectEveryArmDoesTheSameAndAllOfIt() {
  const ScalingResult& result = Measured();
  EXPECT_THAT(result.failures, testing::IsEmpty());
  ASSERT_EQ(result.arms.size(), 3u);
  for (const ScalingArm& arm : result.arms) {
    EXPECT_EQ(arm.step_s.size(), 5u);
    EXPECT_EQ(arm.sum.tokens, 5u * 8 * 8);
    EXPECT_EQ(arm.sum.items, 5u * 8);
    EXPECT_EQ(arm.leaves.size(), arm.threads);
    EXPECT_GT(arm.usage.processor_s, 0);
    EXPECT_GT(arm.sum.accumulation_s, 0);
    EXPECT_GT(arm.sum.update_s, 0);
    EXPECT_GT(arm.memory.total(), 0u);
    ASSERT_TRUE(arm.learning);
    EXPECT_LT(arm.learning->validation_loss(), result.entropy);
  }
}

TEST(TimeShares, AreOfTheTimeOfTheThreadsThatMayWork) {
  ScalingArm arm{.threads = 5, .permits = 2};
  arm.step_s = {1, 1};  // so that the threads have 4 s
  arm.rounds.serial_s = {0.05, 0.15};
  arm.sum = {.items_s = 3, .accumulation_s = 0.2, .reduction_s = 0.1, .update_s = 0.1};
  const TimeShares shares = SharesOf(arm);
  EXPECT_DOUBLE_EQ(shares.items, 0.75);
  EXPECT_DOUBLE_EQ(shares.accumulation, 0.05);
  EXPECT_DOUBLE_EQ(shares.reduction, 0.025);
  EXPECT_DOUBLE_EQ(shares.update, 0.025);
  EXPECT_DOUBLE_EQ(shares.between_phases, 0.1);
  EXPECT_NEAR(shares.waiting, 0.05, 1e-12);
  arm.sum.items_s = 4;  // what overlaps with going to sleep leaves no time to wait, and not less than none
  EXPECT_EQ(SharesOf(arm).waiting, 0);
}

TEST(Scaling, BadThreadLists_AreUsageErrors) {
  const auto message = [](std::vector<size_t> threads) {
    ScalingOptions options = TinyScaling();
    options.threads = std::move(threads);
    const auto result = MeasureScaling(options);
    EXPECT_EQ(result.status().code(), Code::kUsage);
    return result.status().message();
  };
  EXPECT_THAT(message({}), HasSubstr("empty"));
  EXPECT_THAT(message({1, 2, 1}), HasSubstr("names 1 twice"));
  EXPECT_THAT(message({1, 9}), HasSubstr("8 items"));  // a leaf would be idle
}

TEST(Scaling, ALimitTooShort_IsAnErrorThatSaysWhatIsNeeded) {
  ScalingOptions options = TinyScaling();
  options.limit_s = 1e-6;
  options.learn_steps = 0;
  const auto result = MeasureScaling(options);
  EXPECT_EQ(result.status().code(), Code::kFailed);
  EXPECT_THAT(result.status().message(), HasSubstr("--limit"));
}

TEST(Scaling, ATextThatIsTooShort_IsBadInput) {
  ScalingOptions options = TinyScaling();
  options.text = "too short";
  EXPECT_EQ(MeasureScaling(options).status().code(), Code::kBadInput);
}

size_t Occurrences(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1)) ++count;
  return count;
}

void ExpectEveryTableHasARowForEachNumber() {
  const Findings findings = ScalingFindings(Measured());
  EXPECT_EQ(findings.table.Rows().size(), 3u);
  std::vector<std::string> keys;
  for (const NamedTable& other : findings.others) {
    keys.push_back(other.key);
    if (other.key != "predicted" && other.key != "checks") {
      EXPECT_EQ(other.table.Rows().size(), 3u) << other.key;
    }
  }
  EXPECT_THAT(keys, testing::ElementsAre("time", "memory", "correctness", "predicted", "checks"));
}

void ExpectPredictionsSayThatTheyAre() {
  ScalingResult result = Measured();
  result.predictions = {{.threads = 63, .cores = 64, .speed_up = 42.5, .even_speed_up = 60, .interval = {41, 43}}};
  const Findings findings = ScalingFindings(result);
  const auto rows = findings.others[3].table.Cells();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_THAT(rows[1], testing::Contains("predicted"));
  const std::string hope = HopeNote(result);
  EXPECT_THAT(hope, HasSubstr("predicted: 63 threads on 64 cores 42.5"));
  EXPECT_THAT(hope, HasSubstr("hoped for 40 to 50"));
  EXPECT_THAT(ScalingPage(result, findings, "a machine"), HasSubstr("predicted: 63 threads on 64 cores"));
}

void ExpectThePageHoldsEveryRowAndDrawing() {
  const ScalingResult& result = Measured();
  const Findings findings = ScalingFindings(result);
  const std::string page = ScalingPage(result, findings, "<machine> & \"more\"");
  EXPECT_EQ(Occurrences(page, "<svg "), 5u);
  EXPECT_EQ(Occurrences(page, "<table>"), 1 + findings.others.size());
  size_t rows = 1 + findings.table.Rows().size();
  for (const NamedTable& other : findings.others) rows += 1 + other.table.Rows().size();
  EXPECT_EQ(Occurrences(page, "<tr>"), rows);
  EXPECT_GE(Occurrences(page, result.arms.front().weights_hash), 3u);
  EXPECT_THAT(page, HasSubstr("&lt;machine&gt; &amp; &quot;more&quot;"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, HasSubstr("prefers-color-scheme: dark"));
}

void ExpectAFailureIsTheFirstThing() {
  ScalingResult result = Measured();
  result.failures = {"the final weights differ"};
  const Findings findings = ScalingFindings(result);
  EXPECT_THAT(ScalingPage(result, findings, "a machine"), HasSubstr("FAILED"));
  EXPECT_THAT(findings.notes, testing::Contains("FAILED: the final weights differ"));
}

void ExpectNoDrawingWithoutLearning() {
  ScalingResult result = Measured();
  for (ScalingArm& arm : result.arms) arm.learning.reset();
  EXPECT_EQ(Occurrences(ScalingPage(result, ScalingFindings(result), "a machine"), "<svg "), 4u);
}

// All that is looked at in one measurement: as tests of their own each would measure again.
TEST(Scaling, OfATinyTraining_TablesAndPageSayAll) {
  ExpectEveryArmDoesTheSameAndAllOfIt();
  ExpectEveryTableHasARowForEachNumber();
  ExpectPredictionsSayThatTheyAre();
  ExpectThePageHoldsEveryRowAndDrawing();
  ExpectAFailureIsTheFirstThing();
  ExpectNoDrawingWithoutLearning();
}

}  // namespace
}  // namespace cllm::measure
