#include "report/chart_scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace cllm::report {
namespace {

using testing::ElementsAre;

std::vector<std::string> Labels(const Scale& scale, size_t wanted, Quantity quantity) {
  std::vector<std::string> labels;
  for (const AxisMark& mark : scale.Marks(wanted, quantity)) labels.push_back(mark.label);
  return labels;
}

TEST(ChartScale, Marks_AreRoundNumbers) {
  EXPECT_THAT(Labels({0, 1}, 5, Quantity::kNumber), ElementsAre("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"));
  EXPECT_THAT(Labels({3.41, 3.47}, 4, Quantity::kNumber), ElementsAre("3.42", "3.44", "3.46"));
  EXPECT_THAT(Labels({0, 1500}, 3, Quantity::kCount), ElementsAre("0", "500", "1,000", "1,500"));
  EXPECT_THAT(Labels({0, 2'500'000}, 3, Quantity::kCount), ElementsAre("0", "1M", "2M"));
  EXPECT_THAT(Labels({0, 3}, 9, Quantity::kCount), ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(Labels({0, 0.5}, 3, Quantity::kShare), ElementsAre("0 %", "20 %", "40 %"));
  EXPECT_THAT(Labels({0, 200}, 4, Quantity::kSeconds), ElementsAre("0", "1m00s", "2m00s", "3m00s"));
}

TEST(ChartScale, LogarithmicMarks_AreOnesTwosAndFives) {
  EXPECT_THAT(Labels({1, 100, true}, 5, Quantity::kCount), ElementsAre("1", "10", "100"));
  EXPECT_THAT(Labels({0.9, 9, true}, 5, Quantity::kNumber), ElementsAre("1", "2", "5"));
  // Within less than a decade they are even.
  EXPECT_THAT(Labels({3, 7, true}, 4, Quantity::kNumber), ElementsAre("3", "4", "5", "6", "7"));
}

TEST(ChartScale, Marks_OfAnyScale_AreFewAndInside) {
  for (const double low : {-1e300, -3.0, 0.0, 1e-300, 1.0, 1e15}) {
    for (const double wide : {1e-9, 0.3, 7.0, 1e6, 1e300}) {
      const Scale scale{low, low + wide};
      if (scale.high <= scale.low) continue;
      for (const Quantity quantity : {Quantity::kNumber, Quantity::kCount, Quantity::kSeconds}) {
        for (const AxisMark& mark : scale.Marks(6, quantity)) EXPECT_FALSE(std::isnan(mark.value));
        EXPECT_LE(scale.Marks(6, quantity).size(), 40u) << low << " " << wide;
      }
    }
  }
}

TEST(ChartScale, Values_HaveRoom) {
  const Scale scale = ScaleOf({2, 3, 4}, false);
  EXPECT_LT(scale.low, 2);
  EXPECT_GT(scale.high, 4);
  EXPECT_EQ(ScaleOf({0, 1}, false).low, 0);
  EXPECT_LT(ScaleOf({5, 5}, false).low, 5);
  EXPECT_GT(ScaleOf({5, 5}, true).high, 5);
}

TEST(ChartScale, NothingToShow_IsAScaleAllTheSame) {
  EXPECT_LT(ScaleOf({}, false).low, ScaleOf({}, false).high);
  EXPECT_LT(ScaleOf({NAN, INFINITY}, false).low, ScaleOf({NAN}, false).high);
  EXPECT_GT(ScaleOf({-1, 0}, true).low, 0);
}

TEST(ChartScale, OneSpike_DoesNotCrushTheOthers) {
  std::vector<double> values;
  for (int i = 0; i < 300; ++i) values.push_back(3 + 0.001 * i);
  values.push_back(500);
  const Scale scale = ScaleOf(values, false);
  EXPECT_LT(scale.high, 5);
  EXPECT_GT(scale.Share(500), 1);
  EXPECT_GT(ScaleOf(values, true).high, 500) << "there is room on a logarithmic one";
}

TEST(ChartScale, Share_IsLinearOrLogarithmic) {
  EXPECT_DOUBLE_EQ((Scale{10, 20}.Share(15)), 0.5);
  EXPECT_NEAR((Scale{1, 100, true}.Share(10)), 0.5, 1e-12);
  EXPECT_LT((Scale{1, 100, true}.Share(0)), 0);
}

TEST(ChartScale, Numbers_AreShort) {
  EXPECT_EQ(AxisLabel(1'250'000, 250'000, Quantity::kCount), "1.25M");
  EXPECT_EQ(AxisLabel(0.00001, 0.00001, Quantity::kNumber), "1e-05");
  EXPECT_EQ(AxisLabel(-0.25, 0.25, Quantity::kNumber), "-0.2");
  EXPECT_EQ(AxisLabel(90, 30, Quantity::kSeconds), "1m30s");
}

}  // namespace
}  // namespace cllm::report
