#include "measure/scaling_plots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "math/scalar.h"
#include "measure/scaling_tables.h"
#include "report/svg.h"

namespace cllm::measure {
namespace {

using report::Place;
using report::Svg;

// Where a plot's values lie in its drawing.
struct Frame {
  double left = 56, right = 700, top = 16, bottom = 300;
  double x_low = 0, x_high = 1, y_low = 0, y_high = 1;

  double X(double value) const { return left + (right - left) * (value - x_low) / (x_high - x_low); }
  double Y(double value) const { return bottom - (bottom - top) * (value - y_low) / (y_high - y_low); }
  Place At(double x, double y) const { return {X(x), Y(y)}; }
};

double Log2(double x) { return math::Log(x) / math::Log(2.0); }

std::string Count(double value) { return fmt::format("{:.0f}", value); }

// One row for each number of threads, drawn from the top.
constexpr double kRowHeight = 34, kBarHeight = 20;

struct Part {
  const char* classes;
  const char* name;
};
constexpr std::array kParts = {Part{"p-items", "items"},         Part{"p-accumulation", "accumulating"},
                               Part{"p-reduction", "reduction"}, Part{"p-update", "update and packing"},
                               Part{"p-between", "between phases"}, Part{"p-waiting", "waiting"}};

void Legend(Svg& svg, Place place, std::span<const Part> parts) {
  for (const Part& part : parts) {
    svg.Rect({place.x, place.y - 9}, 10, 10, part.classes);
    svg.Text({place.x + 15, place.y}, part.name, "label");
    place.x += 30 + 6.6 * static_cast<double>(std::string_view(part.name).size());
  }
}

Frame SpeedUpFrame(const ScalingResult& result) {
  double most = 64;
  for (const ScalingArm& arm : result.arms) most = std::max(most, static_cast<double>(arm.threads));
  const double high = Log2(most) + 0.12;
  return {.right = 700, .bottom = 330, .x_low = -0.15, .x_high = high, .y_low = -0.35, .y_high = high};
}

void SpeedUpAxes(Svg& svg, const Frame& frame, const ScalingResult& result) {
  for (double value = 1; Log2(value) < frame.y_high; value *= 2) {
    svg.Line({frame.left, frame.Y(Log2(value))}, {frame.right, frame.Y(Log2(value))}, "grid");
    svg.Text({frame.left - 8, frame.Y(Log2(value)) + 4}, Count(value), "label end");
    svg.Text({frame.X(Log2(value)), frame.bottom + 18}, Count(value), "label middle");
  }
  svg.Line(frame.At(0, 0), frame.At(frame.y_high - 0.02, frame.y_high - 0.02), "ideal");
  svg.Text({frame.X(2.6) - 8, frame.Y(2.6) - 6}, "a core for each thread", "label end");
  const double cores = Log2(static_cast<double>(result.cores));
  svg.Line({frame.left, frame.Y(cores)}, {frame.right, frame.Y(cores)}, "cores");
  svg.Text({frame.left + 4, frame.Y(cores) - 6}, fmt::format("{} cores", result.cores), "label");
  svg.Text({(frame.left + frame.right) / 2, frame.bottom + 38}, "threads", "label middle");
}

void DrawPredictions(Svg& svg, const Frame& frame, const ScalingResult& result) {
  if (result.predictions.empty()) return;
  std::vector<Place> line, band, back;
  for (const ScalingPrediction& one : result.predictions) {
    const double x = Log2(static_cast<double>(one.threads));
    line.push_back(frame.At(x, Log2(one.speed_up)));
    band.push_back(frame.At(x, Log2(one.interval.high)));
    back.push_back(frame.At(x, Log2(one.interval.low)));
  }
  band.insert(band.end(), back.rbegin(), back.rend());
  svg.Area(band, "band");
  svg.Path(line, "predicted");
  for (const ScalingPrediction& one : result.predictions) {
    svg.Circle(frame.At(Log2(static_cast<double>(one.threads)), Log2(one.speed_up)), 4, "predicted-dot",
               fmt::format("predicted: {} threads on {} cores, {:.1f} times ({:.1f} to {:.1f})", one.threads, one.cores,
                           one.speed_up, one.interval.low, one.interval.high));
  }
  const double hoped = Log2(63);
  svg.Rect(frame.At(hoped - 0.05, Log2(kHopedHigh)), frame.X(0.1) - frame.X(0),
           frame.Y(Log2(kHopedLow)) - frame.Y(Log2(kHopedHigh)), "hoped",
           "the seed hoped for 40 to 50 times on 63 threads");
}

void DrawMeasured(Svg& svg, const Frame& frame, const ScalingResult& result) {
  std::vector<Place> line;
  for (const ScalingArm& arm : result.arms) {
    line.push_back(frame.At(Log2(static_cast<double>(arm.threads)), Log2(arm.speed_up)));
  }
  svg.Path(line, "measured");
  for (size_t i = 0; i < line.size(); ++i) {
    const ScalingArm& arm = result.arms[i];
    svg.Circle(line[i], 4.5, "measured-dot",
               fmt::format("measured: {} threads, {:.3f} times", arm.threads, arm.speed_up));
    svg.Text({line[i].x, line[i].y - 10}, fmt::format("{:.2f}", arm.speed_up), "value middle");
  }
}

// The bar of a row in parts, which sum up to one at most.
void StackedBar(Svg& svg, const Frame& frame, double y, std::span<const double> shares) {
  double done = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    const double width = frame.X(shares[i]) - frame.X(0);
    if (width > 0) {
      svg.Rect({frame.X(done), y}, width, kBarHeight, kParts[i].classes,
               fmt::format("{} {:.2f} %", kParts[i].name, 100 * shares[i]));
    }
    done += shares[i];
  }
}

void ShareAxis(Svg& svg, const Frame& frame) {
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    svg.Line({frame.X(share), frame.top}, {frame.X(share), frame.bottom}, "grid");
    svg.Text({frame.X(share), frame.bottom + 18}, fmt::format("{:.0f} %", 100 * share), "label middle");
  }
}

double RowY(const Frame& frame, size_t row) { return frame.top + 6 + kRowHeight * static_cast<double>(row); }

Frame RowsFrame(const ScalingResult& result) {
  Frame frame{.left = 92, .top = 30};
  frame.bottom = RowY(frame, result.arms.size());
  return frame;
}

void RowName(Svg& svg, const Frame& frame, double y, size_t threads) {
  svg.Text({frame.left - 8, y + kBarHeight / 2 + 4}, fmt::format("{} thread{}", threads, threads == 1 ? "" : "s"),
           "label end");
}

}  // namespace

std::string SpeedUpPlot(const ScalingResult& result) {
  const Frame frame = SpeedUpFrame(result);
  Svg svg(720, 376, "Speed-up by threads");
  SpeedUpAxes(svg, frame, result);
  DrawPredictions(svg, frame, result);
  DrawMeasured(svg, frame, result);
  return svg.Finished();
}

std::string ProcessorPlot(const ScalingResult& result) {
  Frame frame = RowsFrame(result);
  frame.right = 615;
  Svg svg(720, frame.bottom + 28, "Processor time and efficiency by threads");
  Legend(svg, {frame.left, 16}, std::array{Part{"p-items", "processor time of cores x wall"},
                                           Part{"p-accumulation", "efficiency against min(threads, cores)"}});
  frame.x_high = 1.15;
  ShareAxis(svg, frame);
  for (size_t i = 0; i < result.arms.size(); ++i) {
    const ScalingArm& arm = result.arms[i];
    const double y = RowY(frame, i), efficiency = Efficiency(result, arm);
    RowName(svg, frame, y, arm.threads);
    svg.Rect({frame.X(0), y}, frame.X(arm.processor_share()) - frame.X(0), kBarHeight / 2 - 1, "p-items");
    svg.Rect({frame.X(0), y + kBarHeight / 2 + 1}, frame.X(efficiency) - frame.X(0), kBarHeight / 2 - 1,
             "p-accumulation");
    svg.Text({frame.right + 95, y + kBarHeight / 2 + 4},
             fmt::format("{:.1f} %, {:.1f} %", 100 * arm.processor_share(), 100 * efficiency), "value end");
  }
  return svg.Finished();
}

std::string TimePlot(const ScalingResult& result) {
  const Frame frame = RowsFrame(result);
  Svg svg(720, frame.bottom + 28, "Where the time goes, by threads");
  Legend(svg, {frame.left, 16}, kParts);
  ShareAxis(svg, frame);
  for (size_t i = 0; i < result.arms.size(); ++i) {
    const TimeShares s = SharesOf(result.arms[i]);
    RowName(svg, frame, RowY(frame, i), result.arms[i].threads);
    StackedBar(svg, frame, RowY(frame, i),
               std::array{s.items, s.accumulation, s.reduction, s.update, s.between_phases, s.waiting});
  }
  return svg.Finished();
}

std::string SpheresPlot(const ScalingResult& result) {
  const Frame frame = RowsFrame(result);
  Svg svg(720, frame.bottom + 6, "Items of every leaf sphere, by threads");
  svg.Text({frame.left, 16}, "a column is a leaf sphere, its height the items that it processed", "label");
  for (size_t i = 0; i < result.arms.size(); ++i) {
    const ScalingArm& arm = result.arms[i];
    const double y = RowY(frame, i), room = (frame.right - frame.left - 120) / static_cast<double>(arm.threads);
    RowName(svg, frame, y, arm.threads);
    uint64_t most = 1, least = ~uint64_t{0};
    for (const SphereTimes& leaf : arm.leaves) {
      most = std::max(most, leaf.items);
      least = std::min(least, leaf.items);
    }
    for (const SphereTimes& leaf : arm.leaves) {
      const double height = (kRowHeight - 8) * static_cast<double>(leaf.items) / static_cast<double>(most);
      const double x = frame.left + room * static_cast<double>(leaf.first_leaf);
      svg.Rect({x, y + kRowHeight - 8 - height}, std::max(1.0, room - 2), height, "p-items",
               fmt::format("leaf {}: {} items, {} stolen, {:.2f} s at work", leaf.first_leaf, leaf.items, leaf.steals,
                           leaf.busy_s()));
    }
    svg.Text({frame.right, y + kBarHeight / 2 + 4}, least == most ? Count(static_cast<double>(most)) + " items each"
                                                                  : fmt::format("{} to {} items", least, most),
             "value end");
  }
  return svg.Finished();
}

std::string LearningPlot(const ScalingResult& result) {
  const LearningResult& first = *result.arms.front().learning;
  double low = result.entropy, high = result.entropy;
  for (const LearningPoint& point : first.points) {
    low = std::min(low, point.validation);
    high = std::max(high, point.validation);
  }
  Frame frame{.bottom = 230, .x_low = 0, .x_high = static_cast<double>(first.points.back().step),
              .y_low = std::max(0.0, low - 0.4), .y_high = high + 0.3};
  Svg svg(720, 276, "Validation loss of the small model by step");
  for (double nats = math::Ceil(frame.y_low); nats < frame.y_high; nats += 1) {
    svg.Line({frame.left, frame.Y(nats)}, {frame.right, frame.Y(nats)}, "grid");
    svg.Text({frame.left - 8, frame.Y(nats) + 4}, Count(nats), "label end");
  }
  svg.Line({frame.left, frame.Y(result.entropy)}, {frame.right, frame.Y(result.entropy)}, "cores");
  svg.Text({frame.right, frame.Y(result.entropy) - 6},
           fmt::format("the text's bytes alone: {:.3f} nats", result.entropy), "label end");
  std::vector<Place> line;
  for (const LearningPoint& p : first.points) line.push_back(frame.At(static_cast<double>(p.step), p.validation));
  svg.Path(line, "measured");
  for (size_t i = 0; i < line.size(); ++i) {
    const LearningPoint& p = first.points[i];
    svg.Circle(line[i], 4, "measured-dot", fmt::format("after {} steps: {:.6f} nats per byte", p.step, p.validation));
    if (i % 2 == 0) svg.Text({line[i].x, frame.bottom + 18}, FormatCount(p.step), "label middle");
  }
  svg.Text({line.back().x, line.back().y - 10}, fmt::format("{:.3f}", first.validation_loss()), "value end");
  svg.Text({(frame.left + frame.right) / 2, frame.bottom + 38}, "steps", "label middle");
  return svg.Finished();
}

}  // namespace cllm::measure
