#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "history/envelope.h"
#include "report/chart_scale.h"

namespace cllm::report {

// A curve of a chart.
struct ChartLine {
  enum class Look {
    kSmoothed,  // what each point stands for, faint, and a smoothed line on top of it
    kPlain,     // a line through the means, with what each point stands for
    kDots,      // few values, each of which counts: evaluations
  };
  std::string name = {};  // empty: no key of its own
  size_t colour = 0;
  Look look = Look::kPlain;
  Envelope values = {};
};

// A height that means something: the limit of the gradient, the loss of a guess.
struct ChartLevel {
  std::string name;
  double value = 0;
};

struct Chart {
  std::string name = {};  // of a piece of an id: letters and dashes
  std::string title = {};
  std::string x_name = {};  // "step"
  Quantity x_quantity = Quantity::kCount, y_quantity = Quantity::kNumber;
  bool log_x = false, log_y = false;
  bool from_zero = false;  // the lower end of y is zero
  std::vector<ChartLine> lines = {};
  std::vector<ChartLevel> levels = {};  // shown where the scale reaches them, which they do not change
  std::vector<double> sessions = {};    // places where a session began, but for the first
  double width = 880, height = 330;
};

// Whether a chart has anything to show.
bool HasValues(const Chart& chart);

// The mean of what came before, each value weighing less the longer ago it is, without the pull of a beginning
// (debiased); over about a fiftieth of the values. The same number of values; a constant stays one.
std::vector<double> Smoothed(const std::vector<double>& values);

// As SVG, to stand in a page that has kChartStyle, or as a file of its own that has it itself.
enum class ChartPlace { kInPage, kAlone };
std::string DrawChart(const Chart& chart, ChartPlace place);

// CSS of charts, with the colours c0 to c7 of lines, for light and dark; on paper light.
extern const std::string_view kChartStyle;
inline constexpr size_t kChartColours = 8;

}  // namespace cllm::report
