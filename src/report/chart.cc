#include "report/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>

#include "math/scalar.h"
#include "report/svg.h"

namespace cllm::report {

const std::string_view kChartStyle = R"(
:root { color-scheme: light dark;
  --ground: #f6f5f1; --sheet: #fdfcfa; --ink: #22262b; --ink-soft: #5c636b; --line: #dedbd3; --line-strong: #8b8f93;
  --c0: #1f6f9c; --c1: #c25a11; --c2: #23804f; --c3: #7a4fa3; --c4: #b3362b;
  --c5: #8a6d00; --c6: #14807f; --c7: #6b6258; }
@media screen and (prefers-color-scheme: dark) { :root {
  --ground: #15181b; --sheet: #1b1f23; --ink: #e3e1db; --ink-soft: #9aa3ab; --line: #30363c; --line-strong: #6e777f;
  --c0: #7cc0e4; --c1: #f0995a; --c2: #6fc692; --c3: #bd9ce2; --c4: #f08d81;
  --c5: #d8bb4b; --c6: #5cc8c4; --c7: #b5aa9d; } }
svg { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; background: var(--sheet); }
svg text { fill: var(--ink-soft); } svg .title { fill: var(--ink); font-size: 15px; font-weight: 600; }
svg .key { fill: var(--ink); } .halo { paint-order: stroke; stroke: var(--sheet); stroke-width: 4px; }
.end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; } .axis { stroke: var(--line-strong); stroke-width: 1; }
.session { stroke: var(--line-strong); stroke-width: 1; stroke-dasharray: 2 3; }
.level { stroke: var(--line-strong); stroke-width: 1.2; stroke-dasharray: 6 4; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round; }
.faint { fill: none; stroke-width: 1; opacity: .38; stroke-linejoin: round; } .band { stroke: none; opacity: .2; }
.dashed { stroke-dasharray: 7 4; }
.mark { stroke-width: 1.5; fill: none; }
)"
                                     R"(
.s0 { stroke: var(--c0); } .s1 { stroke: var(--c1); } .s2 { stroke: var(--c2); } .s3 { stroke: var(--c3); }
.s4 { stroke: var(--c4); } .s5 { stroke: var(--c5); } .s6 { stroke: var(--c6); } .s7 { stroke: var(--c7); }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
.f4 { fill: var(--c4); } .f5 { fill: var(--c5); } .f6 { fill: var(--c6); } .f7 { fill: var(--c7); }
)";

namespace {

constexpr double kLeft = 50, kRight = 18, kTop = 58, kBottom = 48;
constexpr double kHeadLeft = 2, kRowOfKeys = 18;
constexpr double kGlyph = 6.9;  // about the width of a letter
constexpr size_t kNamedDots = 120;
constexpr size_t kMostKeys = 24;

// Where a chart's parts lie.
struct Frame {
  double left = kLeft, right = 0, top = kTop, bottom = 0;
  Scale x, y;

  double X(double value) const { return left + (right - left) * x.Share(value); }
  // At most a little outside, where a clip hides it: numbers of a drawing have their limits.
  double Y(double value) const { return bottom - (bottom - top) * std::clamp(y.Share(value), -0.5, 1.5); }
  Place At(double x_value, double y_value) const { return {X(x_value), Y(y_value)}; }
};

std::string Classes(const char* kind, char role, size_t colour) {
  return fmt::format("{} {}{}{}", kind, role, colour % kChartColours, colour / kChartColours % 2 == 1 ? " dashed" : "");
}

Scale YScale(const Chart& chart) {
  std::vector<double> values;
  for (const ChartLine& line : chart.lines) {
    values.insert(values.end(), line.values.low.begin(), line.values.low.end());
    values.insert(values.end(), line.values.high.begin(), line.values.high.end());
  }
  Scale scale = ScaleOf(std::move(values), chart.log_y);
  if (chart.from_zero && !chart.log_y) scale.low = 0;
  if (scale.high <= scale.low) scale.high = scale.low + 1;
  return scale;
}

Scale XScale(const Chart& chart) {
  double low = std::numeric_limits<double>::infinity(), high = -low;
  for (const ChartLine& line : chart.lines) {
    for (const double x : line.values.x) {
      if (chart.log_x && x <= 0) continue;
      low = std::min(low, x), high = std::max(high, x);
    }
  }
  if (low > high) return {};
  const bool near_zero = low > 0 && low < 0.05 * high;
  if (!chart.log_x && near_zero && chart.x_quantity != Quantity::kTime) low = 0;
  if (high <= low) high = low + (chart.log_x ? low : 1);
  return {low, high, chart.log_x};
}

// Keys in rows as wide as the chart; the height that they take.
double DrawKeys(Svg& svg, const Chart& chart, Frame& frame) {
  double x = kHeadLeft, y = kTop - 16;
  if (chart.lines.size() > kMostKeys) {
    svg.Text({x, y}, fmt::format("{} lines", chart.lines.size()), "key");
    return 0;
  }
  for (const ChartLine& line : chart.lines) {
    if (line.name.empty()) continue;
    const double width = 34 + kGlyph * static_cast<double>(line.name.size());
    if (x + width > frame.right && x > kHeadLeft) x = kHeadLeft, y += kRowOfKeys;
    if (line.look == ChartLine::Look::kDots) {
      svg.Circle({x + 8, y - 4}, 3.2, fmt::format("f{}", line.colour % kChartColours));
    }
    svg.Line({x, y - 4}, {x + 16, y - 4}, Classes("curve", 's', line.colour));
    svg.Text({x + 22, y}, line.name, "key");
    x += width;
  }
  return y - (kTop - 16);
}

void DrawAxes(Svg& svg, const Chart& chart, const Frame& frame) {
  const auto rows = static_cast<size_t>(std::max(3.0, (frame.bottom - frame.top) / 38));
  for (const AxisMark& mark : frame.y.Marks(rows, chart.y_quantity)) {
    const double y = frame.Y(mark.value);
    svg.Line({frame.left, y}, {frame.right, y}, "grid");
    svg.Text({frame.left - 8, y + 4}, mark.label, "end");
  }
  const auto columns = static_cast<size_t>((frame.right - frame.left) / 110);
  for (const AxisMark& mark : frame.x.Marks(columns, chart.x_quantity)) {
    svg.Line({frame.X(mark.value), frame.bottom}, {frame.X(mark.value), frame.bottom + 4}, "axis");
    svg.Text({frame.X(mark.value), frame.bottom + 18}, mark.label, "middle");
  }
  svg.Line({frame.left, frame.bottom}, {frame.right, frame.bottom}, "axis");
  svg.Text({(frame.left + frame.right) / 2, frame.bottom + 38}, chart.x_name, "middle");
}

// A logarithmic axis has no place for what is not above zero.
bool IsDrawable(const Chart& chart, double x, double y) { return (!chart.log_x || x > 0) && (!chart.log_y || y > 0); }

std::vector<Place> Outline(const Chart& chart, const Frame& frame, const Envelope& values) {
  std::vector<Place> there, back;
  for (size_t i = 0; i < values.x.size(); ++i) {
    if (!IsDrawable(chart, values.x[i], values.low[i])) continue;
    there.push_back(frame.At(values.x[i], values.high[i]));
    back.push_back(frame.At(values.x[i], values.low[i]));
  }
  there.insert(there.end(), back.rbegin(), back.rend());
  return there;
}

std::vector<Place> Through(const Chart& chart, const Frame& frame, const std::vector<double>& x,
                           const std::vector<double>& y) {
  std::vector<Place> places;
  for (size_t i = 0; i < x.size(); ++i) {
    if (IsDrawable(chart, x[i], y[i])) places.push_back(frame.At(x[i], y[i]));
  }
  return places;
}

void DrawDots(Svg& svg, const Chart& chart, const Frame& frame, const ChartLine& line) {
  const Envelope& values = line.values;
  if (values.x.size() > kNamedDots) return;
  for (size_t i = 0; i < values.x.size(); ++i) {
    if (!IsDrawable(chart, values.x[i], values.last[i])) continue;
    svg.Circle(frame.At(values.x[i], values.last[i]), 3.2, fmt::format("f{}", line.colour % kChartColours),
               fmt::format("{}: {:.5g} at {} {}", line.name, values.last[i], chart.x_name,
                           AxisLabel(values.x[i], 1, chart.x_quantity)));
  }
}

void DrawLine(Svg& svg, const Chart& chart, const Frame& frame, const ChartLine& line) {
  const Envelope& values = line.values;
  const bool stands_for_many = values.total > values.x.size();
  if (stands_for_many) svg.Area(Outline(chart, frame, values), Classes("band", 'f', line.colour));
  if (line.look == ChartLine::Look::kSmoothed) {
    if (!stands_for_many) {
      svg.Path(Through(chart, frame, values.x, values.last), Classes("faint", 's', line.colour));
    }
    svg.Path(Through(chart, frame, values.x, Smoothed(values.mean)), Classes("curve", 's', line.colour));
  } else {
    svg.Path(Through(chart, frame, values.x, values.mean), Classes("curve", 's', line.colour));
  }
  if (line.look == ChartLine::Look::kDots) DrawDots(svg, chart, frame, line);
}

void DrawLevel(Svg& svg, const Frame& frame, const ChartLevel& level) {
  if (level.value < frame.y.low || level.value > frame.y.high) return;
  const double y = frame.Y(level.value), above = y - 5;
  svg.Line({frame.left, y}, {frame.right, y}, "level");
  svg.Text({frame.right - 4, above > frame.top + 12 ? above : above + 20}, level.name, "end halo");
}

// Crosses at the bottom where values were no numbers, arrows at the top where they are off the scale.
void DrawMarks(Svg& svg, const Chart& chart, const Frame& frame, const ChartLine& line) {
  for (const Envelope::Mark& mark : line.values.marks) {
    if (!IsDrawable(chart, mark.x, 1)) continue;
    const double x = frame.X(mark.x), y = frame.bottom - 8;
    svg.Line({x - 4, y - 4}, {x + 4, y + 4}, "mark s4");
    svg.Line({x - 4, y + 4}, {x + 4, y - 4}, "mark s4");
  }
  for (size_t i = 0; i < line.values.x.size(); ++i) {
    if (!IsDrawable(chart, line.values.x[i], line.values.high[i]) || frame.y.Share(line.values.high[i]) <= 1.0001)
      continue;
    const double x = frame.X(line.values.x[i]);
    svg.Path({{x - 4, frame.top + 6}, {x, frame.top}, {x + 4, frame.top + 6}}, Classes("mark", 's', line.colour));
  }
}

}  // namespace

bool HasValues(const Chart& chart) {
  return std::any_of(chart.lines.begin(), chart.lines.end(),
                     [](const ChartLine& line) { return line.values.total > 0; });
}

std::vector<double> Smoothed(const std::vector<double>& values) {
  const double span = std::max(1.0, static_cast<double>(values.size()) / 50);
  const double keep = 1 - 2 / (span + 1);
  std::vector<double> smooth;
  double sum = 0, weight = 0;
  for (const double value : values) {
    sum = keep * sum + (1 - keep) * value;
    weight = keep * weight + (1 - keep);
    smooth.push_back(sum / weight);
  }
  return smooth;
}

std::string DrawChart(const Chart& chart, ChartPlace place) {
  Frame frame{.right = chart.width - kRight, .x = XScale(chart), .y = YScale(chart)};
  double keys = 0;
  {
    Svg unseen(1, 1, "");  // how many rows the keys take is known when they are drawn
    keys = DrawKeys(unseen, chart, frame);
  }
  Svg svg(chart.width, chart.height + keys, chart.title,
          place == ChartPlace::kAlone ? kChartStyle : std::string_view());
  svg.Text({kHeadLeft, 20}, chart.title, "title");
  DrawKeys(svg, chart, frame);
  frame.top += keys;
  frame.bottom = chart.height + keys - kBottom;
  DrawAxes(svg, chart, frame);
  svg.BeginClip("clip-" + chart.name, {frame.left, frame.top - 1}, frame.right - frame.left + 1,
                frame.bottom - frame.top + 2);
  for (const double session : chart.sessions) {
    if (chart.log_x && session <= 0) continue;
    svg.Line({frame.X(session), frame.top}, {frame.X(session), frame.bottom}, "session");
  }
  for (const ChartLine& line : chart.lines) DrawLine(svg, chart, frame, line);
  for (const ChartLine& line : chart.lines) DrawMarks(svg, chart, frame, line);
  for (const ChartLevel& level : chart.levels) DrawLevel(svg, frame, level);
  svg.EndClip();
  return svg.Finished();
}

}  // namespace cllm::report
