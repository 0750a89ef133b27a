#include "report/run_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "base/units.h"
#include "report/chart.h"
#include "report/chart_scale.h"
#include "report/count_text.h"
#include "report/run_charts.h"
#include "terminal/plot_canvas.h"
#include "terminal/progress_text.h"
#include "terminal/terminal_text.h"
#include "terminal/text_width.h"
#include "terminal/wrap.h"

namespace cllm::report {
namespace {

constexpr int kTrainingColour = 36, kValidationColour = 33, kFaintColour = 34;
constexpr size_t kLeastPlotRows = 4, kMostPlotRows = 40, kLeastPlotColumns = 12;
constexpr size_t kAxisColumns = 7;

// Of a screen in colours; the text alone otherwise.
std::string Coloured(const std::string& text, int colour, const ScreenWishes& wishes) {
  return wishes.colour ? fmt::format("\033[{}m{}\033[0m", colour, text) : text;
}

std::string Cut(const std::string& text, size_t columns) { return std::string(FirstColumns(text, columns)); }

// The lines of a text that is wrapped to the window, its later ones indented.
void AddWrapped(const std::string& text, const ScreenWishes& wishes, size_t most, std::vector<std::string>& lines) {
  std::istringstream wrapped(Wrap(text, wishes.columns, 2));
  size_t count = 0;
  for (std::string line; std::getline(wrapped, line) && count < most; ++count) {
    lines.push_back(Cut(line, wishes.columns));
  }
}

// Draws both curves into a canvas.
class Plot {
 public:
  Plot(const RunHistory& history, const ScreenWishes& wishes, size_t columns, size_t rows)
      : wishes_(wishes),
        canvas_(columns, rows, wishes.unicode ? PlotCanvas::Dots::kBraille : PlotCanvas::Dots::kAscii) {
    const Spacing spacing = wishes.log_x ? Spacing::kLogarithmic : Spacing::kEven;
    training_ = history.Curve("loss_token", wishes.axis, {}, std::max<size_t>(2, 2 * columns), spacing);
    validation_ = history.Curve("val_nats", wishes.axis, {}, std::max<size_t>(2, columns), spacing);
    smooth_ = Smoothed(training_.mean);
    SetScales();
  }

  bool empty() const { return training_.x.empty() && validation_.x.empty(); }
  const Scale& y() const { return y_; }
  const Scale& x() const { return x_; }
  std::vector<std::string> Draw();

 private:
  void SetScales();
  bool Drawable(double x, double y) const { return (!wishes_.log_x || x > 0) && (!wishes_.log_y || y > 0); }
  double X(double value) const { return x_.Share(value) * (static_cast<double>(canvas_.width()) - 0.01); }
  double Y(double value) const { return (1 - y_.Share(value)) * (static_cast<double>(canvas_.height()) - 0.01); }

  const ScreenWishes& wishes_;
  PlotCanvas canvas_;
  Envelope training_, validation_;
  std::vector<double> smooth_;
  Scale x_, y_;
};

void Plot::SetScales() {
  std::vector<double> values = smooth_;
  values.insert(values.end(), validation_.last.begin(), validation_.last.end());
  y_ = ScaleOf(values, wishes_.log_y);
  std::vector<double> places = training_.x;
  places.insert(places.end(), validation_.x.begin(), validation_.x.end());
  std::erase_if(places, [this](double x) { return wishes_.log_x && x <= 0; });
  if (places.empty()) return;
  const auto [low, high] = std::minmax_element(places.begin(), places.end());
  x_ = {*low, *high > *low ? *high : *low + 1, wishes_.log_x};
  if (!wishes_.log_x && wishes_.axis != Axis::kTime && *low < 0.05 * *high) x_.low = 0;
}

std::vector<std::string> Plot::Draw() {
  // What each point of the training stands for, under its smoothed line.
  for (size_t i = 0; wishes_.colour && wishes_.unicode && i < training_.x.size(); ++i) {
    if (!Drawable(training_.x[i], training_.low[i])) continue;
    const double x = X(training_.x[i]), bottom = static_cast<double>(canvas_.height());
    if (training_.total > training_.x.size()) {
      canvas_.Line(x, std::clamp(Y(training_.low[i]), 0.0, bottom), x, std::clamp(Y(training_.high[i]), 0.0, bottom),
                   kFaintColour);
    } else {
      canvas_.Dot(x, Y(training_.last[i]), kFaintColour);
    }
  }
  for (size_t i = 1; i < training_.x.size(); ++i) {
    if (!Drawable(training_.x[i - 1], smooth_[i - 1]) || !Drawable(training_.x[i], smooth_[i])) continue;
    canvas_.Line(X(training_.x[i - 1]), Y(smooth_[i - 1]), X(training_.x[i]), Y(smooth_[i]), kTrainingColour);
  }
  if (training_.x.size() == 1 && Drawable(training_.x[0], smooth_[0])) {
    canvas_.Dot(X(training_.x[0]), Y(smooth_[0]), kTrainingColour);
  }
  for (size_t i = 0; i < validation_.x.size(); ++i) {
    if (!Drawable(validation_.x[i], validation_.last[i])) continue;
    canvas_.Letter(X(validation_.x[i]), Y(validation_.last[i]), 'o', kValidationColour);
  }
  return canvas_.Rows(wishes_.colour ? PlotCanvas::Colours::kAnsi : PlotCanvas::Colours::kNone);
}

// The numbers under a plot, as many as have room.
std::string XLabels(const Scale& scale, const ScreenWishes& wishes, size_t columns) {
  std::string line(kAxisColumns + columns, ' ');
  size_t free_from = 0;
  for (const AxisMark& mark : scale.Marks(std::max<size_t>(2, columns / 11), QuantityOf(wishes.axis))) {
    const auto at =
        static_cast<size_t>(std::clamp(scale.Share(mark.value), 0.0, 1.0) * static_cast<double>(columns - 1));
    size_t begin = kAxisColumns + at - std::min(at + kAxisColumns, mark.label.size() / 2);
    begin = std::min(begin, line.size() - std::min(line.size(), mark.label.size()));
    if (begin < free_from || mark.label.size() > line.size()) continue;
    line.replace(begin, mark.label.size(), mark.label);
    free_from = begin + mark.label.size() + 2;
  }
  while (line.ends_with(' ')) line.pop_back();
  return line;
}

void AddPlot(const RunHistory& history, const ScreenWishes& wishes, size_t rows, std::vector<std::string>& lines) {
  const size_t columns = wishes.columns - kAxisColumns;
  Plot plot(history, wishes, columns, rows - 2);
  if (plot.empty()) return lines.push_back(Cut("no step was logged yet", wishes.columns));
  const std::vector<std::string> drawn = plot.Draw();
  std::vector<std::string> labels(drawn.size());
  for (const AxisMark& mark : plot.y().Marks(std::max<size_t>(2, drawn.size() / 2), Quantity::kNumber)) {
    const double down = (1 - plot.y().Share(mark.value)) * static_cast<double>(drawn.size());
    const auto row = static_cast<size_t>(std::clamp(down, 0.0, static_cast<double>(drawn.size()) - 1));
    if (labels[row].empty()) labels[row] = mark.label;
  }
  for (size_t row = 0; row < drawn.size(); ++row) {
    const char* edge = wishes.unicode ? (labels[row].empty() ? "│" : "┤") : (labels[row].empty() ? "|" : "+");
    lines.push_back(fmt::format("{:>{}}{}{}", Cut(labels[row], kAxisColumns - 1), kAxisColumns - 1, edge, drawn[row]));
  }
  std::string bottom(kAxisColumns - 1, ' ');
  bottom += wishes.unicode ? "└" : "+";
  for (size_t i = 0; i < columns; ++i) bottom += wishes.unicode ? "─" : "-";
  lines.push_back(bottom);
  lines.push_back(XLabels(plot.x(), wishes, columns));
}

std::string StepText(const RunFacts& facts) {
  const std::string step = FormatCount(facts.step);
  if (facts.steps < facts.step || facts.steps == 0 || facts.ended) return "step " + step;
  return fmt::format("step {}/{} ({:.0f}%)", step, FormatCount(facts.steps),
                     100 * static_cast<double>(facts.step) / static_cast<double>(facts.steps));
}

std::vector<std::string> Figures(const RunHistory& history, const RunFacts& facts) {
  std::vector<std::string> parts;
  if (facts.best) parts.push_back(fmt::format("{:.4f} bits/byte", facts.best->bits_per_byte));
  if (facts.tokens_per_s > 0) parts.push_back(CountText(facts.tokens_per_s) + " tok/s");
  if (facts.peak_share > 0) parts.push_back(fmt::format("{:.0f}% of peak", 100 * facts.peak_share));
  if (facts.eta_s >= 0) parts.push_back(FormatDuration(facts.eta_s) + " left");
  if (const auto rate = history.Last("lr")) parts.push_back(fmt::format("lr {:.3g}", *rate));
  if (const auto norm = history.Last("grad_norm")) parts.push_back(fmt::format("norm {:.3g}", *norm));
  parts.push_back(FormatDuration(facts.seconds) + " trained");
  return parts;
}

// What is drawn how, and the last values.
std::string Legend(const RunHistory& history, const RunFacts& facts, const ScreenWishes& wishes) {
  const std::string training =
      facts.training_nats > 0 ? fmt::format("training {:.4f}", facts.training_nats) : std::string("training");
  const auto nats = history.Last("val_nats");
  const std::string validation = nats ? fmt::format("validation {:.4f}", *nats) : "";
  const std::string best =
      facts.best ? fmt::format("best {:.4f} at step {}", facts.best->nats, FormatCount(facts.best->step)) : "";
  std::string line = Coloured(wishes.unicode ? "━" : ".", kTrainingColour, wishes) + " " + training;
  size_t taken = 2 + training.size();
  if (nats && taken + 4 + validation.size() <= wishes.columns) {
    line += "  " + Coloured("o", kValidationColour, wishes) + " " + validation;
    taken += 4 + validation.size();
    if (!best.empty() && taken + 3 + best.size() <= wishes.columns) line += " (" + best + ")";
  }
  return taken <= wishes.columns ? line : Cut(training, wishes.columns);
}

// Name, state and step, in one line or where they do not fit in two.
void AddHead(const RunFacts& facts, const ScreenWishes& wishes, std::vector<std::string>& lines) {
  const std::string step = StepText(facts), name = ForTerminal(wishes.name), state = ForTerminal(wishes.state);
  const size_t needed = ColumnsOf(name) + ColumnsOf(state) + step.size() + 4;
  const auto bold = [&wishes](const std::string& text) { return Coloured(text, 1, wishes); };
  if (needed <= wishes.columns) {
    const std::string gap(wishes.columns - needed + 2, ' ');
    lines.push_back(fmt::format("{}  {}{}{}", bold(name), state, gap, step));
    return;
  }
  lines.push_back(bold(Cut(name, wishes.columns)));
  lines.push_back(Cut(state + "  " + step, wishes.columns));
}

}  // namespace

std::vector<std::string> RunScreen(const RunHistory& history, const RunFacts& facts, const ScreenWishes& wishes) {
  std::vector<std::string> head, foot;
  AddHead(facts, wishes, head);
  foot.push_back(Legend(history, facts, wishes));
  foot.push_back(FitParts(Figures(history, facts), wishes.columns));
  for (const RunAlert& alert : facts.alerts) {
    if (foot.size() > 6) break;
    std::vector<std::string> lines;
    AddWrapped("! " + alert.text, wishes, 2, lines);
    for (const std::string& line : lines) foot.push_back(Coloured(line, 31, wishes));
  }
  // The answers have room where the curve still has some, too.
  std::vector<std::string> answers;
  AddWrapped("learning: " + facts.learning_text, wishes, 3, answers);
  AddWrapped("memorising: " + facts.memorising_text, wishes, 3, answers);
  AddWrapped("speed: " + facts.limits_text, wishes, 3, answers);
  AddWrapped("end: " + facts.end_text, wishes, 2, answers);
  if (head.size() + foot.size() + answers.size() + kLeastPlotRows + 6 <= wishes.rows) {
    foot.insert(foot.end(), answers.begin(), answers.end());
  }
  std::vector<std::string> lines = head;
  const size_t words = head.size() + foot.size();
  const bool has_room = words + kLeastPlotRows + 2 <= wishes.rows && wishes.columns >= kAxisColumns + kLeastPlotColumns;
  if (has_room) AddPlot(history, wishes, std::min(wishes.rows - words, kMostPlotRows), lines);
  lines.insert(lines.end(), foot.begin(), foot.end());
  if (lines.size() > wishes.rows) lines.resize(std::max<size_t>(1, wishes.rows));
  return lines;
}

std::string RunLine(const RunHistory& history, const RunFacts& facts) {
  std::vector<std::string> parts = {StepText(facts)};
  if (facts.training_nats > 0) parts.push_back(fmt::format("loss {:.4f}", facts.training_nats));
  if (const auto nats = history.Last("val_nats")) parts.push_back(fmt::format("val {:.4f}", *nats));
  const std::vector<std::string> figures = Figures(history, facts);
  parts.insert(parts.end(), figures.begin(), figures.end());
  return fmt::format("{}", fmt::join(parts, " | "));
}

}  // namespace cllm::report
