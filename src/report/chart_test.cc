#include "report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

namespace cllm::report {
namespace {

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

Envelope Line(size_t values) {
  Envelope line;
  for (size_t i = 1; i <= values; ++i) {
    line.x.push_back(static_cast<double>(i));
    for (std::vector<double>* member : {&line.last, &line.low, &line.high, &line.mean}) {
      member->push_back(1.0 / static_cast<double>(i));
    }
  }
  line.total = values;
  return line;
}

Chart Of(Envelope values, ChartLine::Look look = ChartLine::Look::kPlain) {
  Chart chart{.name = "c", .title = "A <title>", .x_name = "step"};
  chart.lines.push_back({.name = "a & b", .look = look, .values = std::move(values)});
  return chart;
}

TEST(Chart, TextsOfOthers_AreEscaped) {
  const std::string svg = DrawChart(Of(Line(10)), ChartPlace::kInPage);
  EXPECT_THAT(svg, AllOf(HasSubstr("A &lt;title&gt;"), HasSubstr("a &amp; b"), Not(HasSubstr("a & b"))));
}

TEST(Chart, Alone_HasItsStyle) {
  EXPECT_THAT(DrawChart(Of(Line(3)), ChartPlace::kAlone), AllOf(HasSubstr("<style>"), HasSubstr("xmlns")));
  EXPECT_THAT(DrawChart(Of(Line(3)), ChartPlace::kInPage), Not(HasSubstr("<style>")));
}

TEST(Chart, NothingToShow_IsStillAPicture) {
  const Chart nothing = Of({});
  EXPECT_FALSE(HasValues(nothing));
  EXPECT_THAT(DrawChart(nothing, ChartPlace::kInPage), AllOf(HasSubstr("</svg>"), Not(HasSubstr("nan"))));
}

TEST(Chart, Numbers_AreFiniteWhateverIsDrawn) {
  for (const bool logarithmic : {false, true}) {
    Envelope values = Line(5);
    values.x[0] = 0;
    values.last[1] = values.low[1] = values.high[1] = values.mean[1] = -1e300;
    values.high[2] = 1e300;
    values.marks.push_back({3, NAN});
    Chart chart = Of(values, ChartLine::Look::kSmoothed);
    chart.log_x = chart.log_y = logarithmic;
    chart.sessions = {0, 2};
    chart.levels = {{"level", 0.5}, {"elsewhere", 1e9}};
    const std::string svg = DrawChart(chart, ChartPlace::kInPage);
    EXPECT_THAT(svg, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf"))));
    EXPECT_FALSE(std::regex_search(svg, std::regex("=\"[^\"]*e\\+"))) << "a coordinate that no program may read";
    EXPECT_THAT(svg, HasSubstr("class=\"mark s4\""));
  }
}

TEST(Chart, ManyValuesAPoint_HaveABand) {
  Envelope values = Line(5);
  values.total = 50;
  EXPECT_THAT(DrawChart(Of(values), ChartPlace::kInPage), HasSubstr("class=\"band f0\""));
  EXPECT_THAT(DrawChart(Of(Line(5)), ChartPlace::kInPage), Not(HasSubstr("band")));
}

TEST(Chart, Dots_SayTheirValues) {
  EXPECT_THAT(DrawChart(Of(Line(3), ChartLine::Look::kDots), ChartPlace::kInPage),
              HasSubstr("<title>a &amp; b: 0.5 at step 2</title>"));
}

TEST(Chart, ManyLines_HaveKeysInRows) {
  Chart chart = Of(Line(3));
  const auto height = [&chart] {
    const std::string svg = DrawChart(chart, ChartPlace::kAlone);
    return std::stoi(svg.substr(svg.find("height=\"") + 8));
  };
  const int one = height();
  for (size_t i = 0; i < 20; ++i) chart.lines.push_back({.name = "a run with a name", .colour = i, .values = Line(3)});
  EXPECT_GT(height(), one + 30);
}

TEST(Smoothing, AConstantStaysOne) {
  EXPECT_THAT(Smoothed(std::vector<double>(500, 2.5)), Each(testing::DoubleNear(2.5, 1e-12)));
}

TEST(Smoothing, HasNoPullOfItsBeginning_AndFollows) {
  std::vector<double> values(400, 1.0);
  for (size_t i = 200; i < 400; ++i) values[i] = 2;
  const std::vector<double> smooth = Smoothed(values);
  ASSERT_EQ(smooth.size(), values.size());
  EXPECT_EQ(smooth.front(), 1);
  EXPECT_GT(smooth[202], 1.2);
  EXPECT_LT(smooth[202], 1.8);
  EXPECT_NEAR(smooth.back(), 2, 1e-6);
  EXPECT_THAT(Smoothed({3, 4}), testing::ElementsAre(3, 4)) << "few values are as they are";
}

}  // namespace
}  // namespace cllm::report
