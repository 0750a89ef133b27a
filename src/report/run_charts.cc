#include "report/run_charts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "report/svg.h"

namespace cllm::report {
namespace {

using Look = ChartLine::Look;

constexpr size_t kFewRuns = 6;

constexpr std::array<ChartKind, 10> kKinds = {{
    {"loss", "training and validation loss, nats per token"},
    {"bits", "bits per byte of the original text"},
    {"training", "the training loss alone, nats per token"},
    {"parts", "the loss of tokens, of their roots and of their forms", false},
    {"lr", "the learning rate of the matrices"},
    {"grad-norm", "the norm of the gradient before clipping"},
    {"throughput", "tokens a second"},
    {"peak", "share of the processor's peak"},
    {"phases", "seconds that a step takes, by phase", false},
    {"exchange", "seconds of a step that ranks wait for one another and for messages", false},
}};

// Draws the lines of one chart, run by run.
class LinesOfRuns {
 public:
  LinesOfRuns(const std::vector<const ReportedRun*>& runs, const ChartWishes& wishes, Chart& chart)
      : runs_(runs), wishes_(wishes), chart_(chart) {}

  // A line of every run: named by it where there are several, else `name`.
  void OfEach(std::string_view column, const std::string& name, Look look, size_t colour = 0) {
    for (size_t i = 0; i < runs_.size(); ++i) {
      Add(runs_.size() == 1 ? name : runs_[i]->name, runs_.size() == 1 ? colour : i, look, Values(*runs_[i], column));
    }
  }
  void Validation(std::string_view column);
  void TrainingBits();

 private:
  Envelope Values(const ReportedRun& run, std::string_view column) const {
    return run.history.Curve(column, wishes_.axis, {}, wishes_.points,
                             wishes_.log_x ? Spacing::kLogarithmic : Spacing::kEven);
  }
  void Add(std::string name, size_t colour, Look look, Envelope values) {
    if (values.total == 0 && values.marks.empty()) return;
    // Many runs are lines that can be told apart, without what each of their points stands for.
    if (runs_.size() > kFewRuns) {
      look = Look::kPlain;
      values.low = values.high = values.last = values.mean;
      values.total = values.x.size();
    }
    chart_.lines.push_back({.name = std::move(name), .colour = colour, .look = look, .values = std::move(values)});
  }

  const std::vector<const ReportedRun*>& runs_;
  const ChartWishes& wishes_;
  Chart& chart_;
};

// The values of an envelope whose `kinds` are this.
Envelope Only(const Envelope& values, const Envelope& kinds, double kind) {
  Envelope only;
  for (size_t i = 0; i < values.x.size(); ++i) {
    if (kinds.last[i] != kind) continue;
    only.x.push_back(values.x[i]);
    for (std::vector<double>* member : {&only.last, &only.low, &only.high, &only.mean})
      member->push_back(values.last[i]);
    ++only.total;
  }
  return only;
}

// Looks at a sample are a curve; those at the whole part another one, of one point mostly.
void LinesOfRuns::Validation(std::string_view column) {
  for (size_t i = 0; i < runs_.size(); ++i) {
    const bool one = runs_.size() == 1;
    const Envelope values = Values(*runs_[i], column), whole = Values(*runs_[i], "whole");
    const bool can_be_told = values.total == values.x.size() && values.x == whole.x;
    if (!can_be_told) {
      Add(one ? "validation" : runs_[i]->name, one ? 1 : i, Look::kDots, values);
      continue;
    }
    Add(one ? "validation, a sample of it" : runs_[i]->name, one ? 1 : i, Look::kDots, Only(values, whole, 0));
    Add(one ? "the whole validation part" : "", one ? 2 : i, Look::kDots, Only(values, whole, 1));
  }
}

// Bits per byte are nats per token times what an evaluation says of both.
void LinesOfRuns::TrainingBits() {
  const ReportedRun& run = *runs_.front();
  const auto nats = run.history.Last("val_nats"), bits = run.history.Last("val_bits_per_byte");
  if (runs_.size() != 1 || !nats || !bits || !(*nats > 0) || !(*bits > 0)) return;
  Envelope values = Values(run, "loss_token");
  for (std::vector<double>* member : {&values.last, &values.low, &values.high, &values.mean}) {
    for (double& value : *member) value *= *bits / *nats;
  }
  Add("training", 0, Look::kSmoothed, std::move(values));
}

void AddLines(std::string_view name, const std::vector<const ReportedRun*>& runs, const ChartWishes& wishes,
              Chart& chart) {
  LinesOfRuns lines(runs, wishes, chart);
  const ReportedRun& first = *runs.front();
  if (name == "loss") {
    if (runs.size() == 1) lines.OfEach("loss_token", "training", Look::kSmoothed);
    lines.Validation("val_nats");
    if (runs.size() > 1) chart.title = "Validation loss, nats per token, by " + chart.x_name;
    if (first.facts.uniform_nats && runs.size() == 1) {
      chart.levels.push_back({"a guess among all tokens", *first.facts.uniform_nats});
    }
  } else if (name == "bits") {
    lines.TrainingBits();
    lines.Validation("val_bits_per_byte");
  } else if (name == "training") {
    lines.OfEach("loss_token", "training", Look::kSmoothed);
  } else if (name == "parts") {
    lines.OfEach("loss_token", "the token", Look::kSmoothed, 0);
    lines.OfEach("loss_root", "its root", Look::kSmoothed, 2);
    lines.OfEach("loss_form", "its form", Look::kSmoothed, 3);
  } else if (name == "lr") {
    lines.OfEach("lr", "matrices", Look::kPlain);
  } else if (name == "grad-norm") {
    lines.OfEach("grad_norm", "norm", Look::kSmoothed, 3);
    if (first.clip) chart.levels.push_back({"clipped above this", *first.clip});
  } else if (name == "throughput") {
    lines.OfEach("tok_s", "tokens a second", Look::kPlain, 2);
  } else if (name == "peak") {
    lines.OfEach("peak_share", "share of the peak", Look::kPlain, 6);
  } else if (name == "phases") {
    lines.OfEach("items_s", "items", Look::kSmoothed, 0);
    lines.OfEach("update_s", "update", Look::kSmoothed, 1);
    lines.OfEach("pack_s", "packing", Look::kSmoothed, 3);
    lines.OfEach("reduce_s", "reduction", Look::kSmoothed, 2);
  } else if (name == "exchange") {
    lines.OfEach("messages_s", "messages", Look::kSmoothed, 0);
    lines.OfEach("peers_s", "others' items", Look::kSmoothed, 2);
  }
}

const char* AxisTitle(Axis axis) {
  switch (axis) {
    case Axis::kStep:
      return "step";
    case Axis::kTokens:
      return "tokens";
    case Axis::kSeconds:
      return "time of training";
    case Axis::kTime:
      return "time of day";
  }
  return "";
}

std::string Title(const ChartKind& kind) {
  std::string title(kind.meaning);
  title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

struct BarPart {
  const char* name;
  size_t colour;
  double value;
};

// A bar in parts from a corner, `width` for all of `total`.
void DrawBar(Svg& svg, Place corner, double width, double total, std::span<const BarPart> parts) {
  for (const BarPart& part : parts) {
    const double wide = total > 0 ? width * std::max(0.0, part.value) / total : 0;
    if (wide <= 0) continue;
    svg.Rect(corner, wide, 22, fmt::format("f{}", part.colour),
             fmt::format("{} {}, {:.1f} %", part.name, FormatDuration(part.value), 100 * part.value / total));
    corner.x += wide;
  }
}

double NumberIn(const JsonArray& values, size_t at) {
  if (at >= values.size()) return 0;
  if (const auto* real = std::get_if<double>(&values[at].content())) return *real;
  if (const auto* whole = std::get_if<uint64_t>(&values[at].content())) return static_cast<double>(*whole);
  if (const auto* whole = std::get_if<int64_t>(&values[at].content())) return static_cast<double>(*whole);
  return 0;
}

}  // namespace

Quantity QuantityOf(Axis axis) {
  if (axis == Axis::kSeconds) return Quantity::kSeconds;
  return axis == Axis::kTime ? Quantity::kTime : Quantity::kCount;
}

std::span<const ChartKind> ChartKinds() { return kKinds; }

Result<Chart> ChartOf(std::string_view name, const std::vector<const ReportedRun*>& runs, const ChartWishes& wishes) {
  const auto kind =
      std::find_if(kKinds.begin(), kKinds.end(), [name](const ChartKind& one) { return one.name == name; });
  if (kind == kKinds.end()) {
    std::vector<std::string_view> names;
    for (const ChartKind& one : kKinds) names.push_back(one.name);
    return Usage(fmt::format("'{}' is no chart, expected one of {}", name, fmt::join(names, ", ")));
  }
  if (runs.size() > 1 && !kind->of_several) {
    return Usage(fmt::format("the chart '{}' shows one run, expected one, found {}", name, runs.size()));
  }
  Chart chart{.name = std::string(name), .title = Title(*kind), .x_name = AxisTitle(wishes.axis)};
  chart.x_quantity = QuantityOf(wishes.axis);
  chart.log_x = wishes.log_x && wishes.axis != Axis::kTime;
  chart.log_y = wishes.log_y;
  if (chart.log_x && chart.log_y) chart.title += ", log-log";
  chart.from_zero = name == "throughput" || name == "peak" || name == "phases" || name == "exchange" || name == "lr";
  if (name == "throughput") chart.y_quantity = Quantity::kCount;
  if (name == "peak") chart.y_quantity = Quantity::kShare;
  AddLines(name, runs, wishes, chart);
  if (runs.size() == 1) {
    const std::vector<double> sessions = runs.front()->history.Sessions(wishes.axis);
    if (sessions.size() > 1) chart.sessions.assign(sessions.begin() + 1, sessions.end());
  }
  return chart;
}

std::string TimeBars(const ReportedRun& run) {
  const TimeParts& parts = run.facts.parts;
  if (parts.total() <= 0) return "";
  const std::array bars = {BarPart{"items (forward and backward)", 0, parts.items_s},
                           BarPart{"reduction", 2, parts.reduce_s}, BarPart{"update", 1, parts.update_s},
                           BarPart{"packing", 3, parts.pack_s},
                           BarPart{"evaluations, samples, saves, the rest", 5, parts.other_s}};
  Svg svg(880, 66 + 20 * static_cast<double>(bars.size()), "Where the time went");
  svg.Text({0, 20}, fmt::format("Where the time went: {}", FormatDuration(parts.total())), "title");
  DrawBar(svg, {0, 32}, 880, parts.total(), bars);
  double y = 76;
  for (const BarPart& part : bars) {
    if (part.value <= 0) continue;  // early logs do not tell what is between steps
    svg.Rect({0, y - 10}, 12, 12, fmt::format("f{}", part.colour));
    svg.Text({20, y},
             fmt::format("{}: {}, {:.1f} %", part.name, FormatDuration(part.value), 100 * part.value / parts.total()),
             "key");
    y += 20;
  }
  return svg.Finished();
}

std::string SphereBars(const ReportedRun& run) {
  constexpr size_t kMostLeaves = 64;
  const std::optional<JsonObject> spheres = run.history.Spheres();
  if (!spheres) return "";
  const Result<JsonArray> busy = spheres->Array("busy_s"), waiting = spheres->Array("waiting_s");
  const Result<JsonArray> accumulating = spheres->Array("accumulation_s"), items = spheres->Array("items");
  if (!busy.ok() || !waiting.ok() || !accumulating.ok() || !items.ok() || busy->empty()) return "";
  const size_t leaves = std::min(busy->size(), kMostLeaves);
  double most = 0;
  for (size_t i = 0; i < leaves; ++i) most = std::max(most, NumberIn(*busy, i) + NumberIn(*waiting, i));
  Svg svg(880, 62 + 30 * static_cast<double>(leaves), "What each worker did");
  svg.Text({0, 20}, "What each worker did, in the last session", "title");
  const std::array keys = {BarPart{"at items", 0, 0}, BarPart{"accumulating", 3, 0}, BarPart{"waiting", 7, 0}};
  double x = 0;
  for (const BarPart& key : keys) {
    svg.Rect({x, 32}, 12, 12, fmt::format("f{}", key.colour));
    svg.Text({x + 20, 42}, key.name, "key");
    x += 130;
  }
  for (size_t i = 0; i < leaves; ++i) {
    const double y = 58 + 30 * static_cast<double>(i), accumulation = NumberIn(*accumulating, i);
    const std::array bars = {BarPart{"at items", 0, NumberIn(*busy, i) - accumulation},
                             BarPart{"accumulating", 3, accumulation}, BarPart{"waiting", 7, NumberIn(*waiting, i)}};
    svg.Text({66, y + 15}, fmt::format("worker {}", i), "end");
    DrawBar(svg, {76, y}, 640, most, bars);
    svg.Text({880, y + 15}, fmt::format("{} items", FormatCount(static_cast<uint64_t>(NumberIn(*items, i)))), "end");
  }
  return svg.Finished();
}

}  // namespace cllm::report
