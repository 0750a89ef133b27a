#include "report/report_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.h"
#include "base/units.h"
#include "report/count_text.h"
#include "report/page_parts.h"
#include "report/run_comparison_part.h"
#include "terminal/terminal_text.h"

namespace cllm::report {
namespace {

constexpr size_t kMostSamples = 6, kSampleBytes = 2500;
constexpr size_t kMostEvaluations = 24, kMostEvents = 60, kEventBytes = 400, kOptionBytes = 200;
constexpr size_t kMostOneByOne = 6;  // runs of a comparison that have parts of their own
constexpr double kHalfWidth = 470;
constexpr size_t kSampleLines = 24;

// The charts of some names that have anything to show.
std::string Charts(const std::vector<const ReportedRun*>& runs, const std::vector<std::string_view>& names,
                   const ChartWishes& wishes, double width) {
  std::string html;
  for (const std::string_view name : names) {
    Result<Chart> chart = ChartOf(name, runs, wishes);
    if (!chart.ok() || !HasValues(*chart)) continue;
    chart->width = width;
    if (width < 600) chart->height = 270;
    // Two pictures of one page have different names.
    chart->name += fmt::format("-{}-{}{}", NameOf(wishes.axis), wishes.log_x ? "log-" : "", width);
    html += DrawChart(*chart, ChartPlace::kInPage);
  }
  return html;
}

// Wide charts stay readable where the window is not.
std::string Scrolled(const std::string& html) { return "<div class=\"scroll\">\n" + html + "</div>\n"; }

std::string StateText(const ReportedRun& run) {
  if (!run.record) return run.running ? "running" : "its log alone";
  const std::string reason = run.record->reason.empty() ? "" : " (" + run.record->reason + ")";
  return NameOf(run.record->condition) + reason;
}

std::string Subtitle(const ReportedRun& run) {
  std::vector<std::string> parts = {StateText(run)};
  if (run.record && !run.record->Text().empty()) parts.push_back("trained on " + run.record->Text());
  if (!run.record && !run.history.DescribedText("corpus").empty()) {
    parts.push_back("trained on " + run.history.DescribedText("corpus"));
  }
  if (const auto parameters = run.history.Described("parameters"))
    parts.push_back(CountText(*parameters) + " parameters");
  if (run.record && !run.record->tokenizer.empty()) parts.push_back("tokenizer " + run.record->tokenizer);
  return fmt::format("<p class=\"soft\">{}</p>\n", HtmlText(fmt::format("{}", fmt::join(parts, " · "))));
}

std::string Tiles(const ReportedRun& run) {
  const RunFacts& facts = run.facts;
  std::string html;
  if (facts.best) {
    const std::string where = facts.best->whole ? "the whole validation part" : "a sample of the validation part";
    html += Tile(fmt::format("{:.4f}", facts.best->bits_per_byte), "bits per byte, " + where);
    html += Tile(fmt::format("{:.4f}", facts.best->nats),
                 fmt::format("nats per token there, of step {}", FormatCount(facts.best->step)));
  }
  html += Tile(FormatCount(facts.step),
               facts.steps > facts.step ? fmt::format("steps of {}", FormatCount(facts.steps)) : "steps");
  html += Tile(CountText(facts.tokens), "tokens read");
  html += Tile(FormatDuration(facts.seconds), "of training steps");
  if (facts.tokens_per_s > 0) html += Tile(CountText(facts.tokens_per_s), "tokens a second at last");
  if (facts.peak_share > 0) html += Tile(fmt::format("{:.0f} %", 100 * facts.peak_share), "of the processor's peak");
  return fmt::format("<div class=\"tiles\">\n{}</div>\n", html);
}

std::string Answers(const ReportedRun& run) {
  const RunFacts& facts = run.facts;
  std::string html = "<dl>\n";
  const auto answer = [&html](const char* question, const std::string& text) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", question, HtmlText(text));
  };
  answer("Is it still learning?", facts.learning_text);
  answer("Is it memorising?", facts.memorising_text);
  answer("What limits its speed?", facts.limits_text);
  answer(run.running ? "When will it end?" : "How did it end?", facts.end_text);
  html += "</dl>\n";
  if (!facts.alerts.empty()) {
    html += "<ul>\n";
    for (const RunAlert& alert : facts.alerts)
      html += fmt::format("<li class=\"alert\">{}</li>\n", HtmlText(alert.text));
    html += "</ul>\n";
  }
  return html;
}

// Of many, the first, the last, and others evenly between.
template <typename T>
std::vector<T> Some(const std::vector<T>& all, size_t most) {
  if (all.size() <= most) return all;
  if (most < 2) return {all.end() - static_cast<std::ptrdiff_t>(most), all.end()};
  std::vector<T> some;
  for (size_t i = 0; i < most; ++i) some.push_back(all[i * (all.size() - 1) / (most - 1)]);
  return some;
}

// A young model may write many empty lines.
std::string FirstLines(const std::string& text) {
  size_t at = 0;
  for (size_t line = 0; line < kSampleLines; ++line) {
    at = text.find('\n', at);
    if (at == text.npos) return text;
    ++at;
  }
  return text.substr(0, at) + "…";
}

std::string Samples(const ReportedRun& run, size_t most) {
  std::vector<HistoryEvent> samples;
  for (const HistoryEvent& event : run.history.events()) {
    if (event.kind == HistoryEventKind::kSample) samples.push_back(event);
  }
  std::string html;
  for (const HistoryEvent& sample : Some(samples, most)) {
    html += fmt::format("<h3>step {}</h3>\n<pre>{}</pre>\n", FormatCount(sample.step),
                        HtmlText(Shortened(FirstLines(run.history.Text(sample)), kSampleBytes)));
  }
  return html;
}

std::string EvaluationTable(const ReportedRun& run) {
  const std::vector<LoggedEvaluation> all = run.history.Evaluations();
  if (all.empty()) return "";
  HtmlRows rows = {{"step", "nats per token", "bits per byte", "looked at"}};
  for (const LoggedEvaluation& one : Some(all, kMostEvaluations)) {
    const bool best = run.facts.best && one.step == run.facts.best->step;
    rows.push_back({FormatCount(one.step) + (best ? " · best" : ""), fmt::format("{:.4f}", one.nats),
                    fmt::format("{:.4f}", one.bits_per_byte),
                    one.whole ? "the whole validation part" : FormatCount(one.tokens) + " tokens"});
  }
  const std::string left_out =
      all.size() > kMostEvaluations
          ? fmt::format("<p class=\"soft\">{} of {} evaluations; `cllm report --csv` has all.</p>\n", kMostEvaluations,
                        all.size())
          : "";
  return Table(rows) + left_out;
}

std::string EventText(const ReportedRun& run, const HistoryEvent& event) {
  switch (event.kind) {
    case HistoryEventKind::kStart:
      return "the run began";
    case HistoryEventKind::kResume:
      return "the run was gone on with";
    case HistoryEventKind::kRollback:
      return "back to this step, with a lower rate";
    case HistoryEventKind::kEnd:
      return run.facts.ended ? "the end" : "stopped";
    default:
      return Shortened(run.history.Text(event), kEventBytes);
  }
}

// Saves, of which there are many, in a sentence; all others in a table.
std::string EventTable(const ReportedRun& run) {
  std::vector<HistoryEvent> events, saves;
  for (const HistoryEvent& event : run.history.events()) {
    if (event.kind == HistoryEventKind::kCheckpoint) {
      saves.push_back(event);
    } else if (event.kind != HistoryEventKind::kSample) {
      events.push_back(event);
    }
  }
  if (events.empty() && saves.empty()) return "";
  HtmlRows rows = {{"step", "when", "what"}};
  for (const HistoryEvent& event : Some(events, kMostEvents)) {
    rows.push_back(
        {FormatCount(event.step), event.time > 0 ? LocalTimeText(event.time) : "", HtmlText(EventText(run, event))});
  }
  const std::string saved = saves.empty() ? ""
                                          : fmt::format("<p class=\"soft\">Saved {} time{}, at last at step {}.</p>\n",
                                                        FormatCount(saves.size()), saves.size() == 1 ? "" : "s",
                                                        FormatCount(saves.back().step));
  return Table(rows, "words") + saved;
}

std::string Configuration(const ReportedRun& run) {
  if (run.configuration.empty()) return "";
  std::vector<std::pair<std::string, std::string>> pairs = run.configuration;
  for (auto& [name, value] : pairs) value = Shortened(value, kOptionBytes);
  return "<h3>config.toml</h3>\n" + Pairs(pairs);
}

// What the log says of the last session's beginning.
std::string Description(const ReportedRun& run) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const JsonField& field : run.history.description()) {
    if (field.name == "event" || field.name == "format" || field.name == "time") continue;
    std::string value = WriteJson({{"v", field.value}});
    value = value.substr(5, value.size() - 6);
    if (value.size() > 1 && value.front() == '"') value = run.history.DescribedText(field.name);
    pairs.emplace_back(field.name, Shortened(value, kOptionBytes));
  }
  return pairs.empty() ? "" : "<h3>As the last session began, and on which machine</h3>\n" + Pairs(pairs);
}

std::string Commands(const ReportedRun& run) {
  if (!run.record) return "";
  const std::string program = QuotedForShell(ProgramName()), path = QuotedForShell(run.path);
  return fmt::format("<pre>{}</pre>\n",
                     HtmlText(fmt::format("{0} train --config {1} --out ANOTHER   # the same run again, bit for bit\n"
                                          "{0} resume {2}\n{0} generate {2} -p \"Once\"\n{0} report {2}",
                                          program, QuotedForShell(run.path + "/config.toml"), path)));
}

std::string PageOfOne(const ReportedRun& run, const ChartWishes& wishes) {
  const std::vector<const ReportedRun*> runs = {&run};
  ChartWishes logarithmic = wishes;
  logarithmic.log_x = logarithmic.log_y = true;
  std::string html = fmt::format("<header><h1>{}</h1>\n{}</header>\n", HtmlText(run.name), Subtitle(run));
  html += Tiles(run) + Section("In short", Answers(run));
  html += Section("How it learned", Scrolled(Charts(runs, {"loss", "bits"}, wishes, 880)));
  html += Section(
      "", fmt::format("<div class=\"columns\">\n{}{}{}</div>\n", Charts(runs, {"loss"}, logarithmic, kHalfWidth),
                      Charts(runs, {"parts", "lr", "grad-norm", "throughput", "peak"}, wishes, kHalfWidth),
                      Charts(runs, {"phases", "exchange"}, wishes, kHalfWidth)));
  html += Section("Time and workers", TimeBars(run) + SphereBars(run));
  html += Section("What it wrote", Samples(run, kMostSamples));
  html += Section("Evaluations", EvaluationTable(run));
  html += Section("Events", EventTable(run));
  html += Section("Configuration and machine", fmt::format("<div class=\"columns\"><div>{}</div><div>{}</div></div>\n",
                                                           Configuration(run), Description(run)));
  return html + Section("Commands", Commands(run));
}

std::string PageOfSeveral(const std::vector<ReportedRun>& runs, const ChartWishes& wishes) {
  std::vector<const ReportedRun*> all;
  for (const ReportedRun& run : runs) all.push_back(&run);
  ChartWishes by_time = wishes;
  by_time.axis = Axis::kSeconds;
  std::string html = fmt::format("<header><h1>{} runs</h1>\n</header>\n", runs.size());
  html += Section("Which is better", ComparisonPart(runs));
  html += Section("How they learned",
                  Scrolled(Charts(all, {"loss", "bits"}, wishes, 880) + Charts(all, {"loss"}, by_time, 880)));
  html +=
      Section("", fmt::format("<div class=\"columns\">\n{}</div>\n",
                              Charts(all, {"training", "lr", "grad-norm", "throughput", "peak"}, wishes, kHalfWidth)));
  html += Section("In what they differ", DifferencePart(runs));
  if (runs.size() > kMostOneByOne) return html;
  for (const ReportedRun& run : runs) {
    html += Section(ForTerminal(run.name), Subtitle(run) + Answers(run) + Samples(run, 1) + Commands(run));
  }
  return html;
}

}  // namespace

std::string ReportPage(const std::vector<ReportedRun>& runs, const ChartWishes& wishes, const PageContext& context) {
  const bool one = runs.size() == 1;
  ChartWishes bounded = wishes;
  // So that a page of many runs stays small, too.
  bounded.points = std::clamp<size_t>(wishes.points * 4 / (3 + runs.size()), 20, wishes.points);
  std::string body = one ? PageOfOne(runs.front(), bounded) : PageOfSeveral(runs, bounded);
  std::string logs;
  for (size_t i = 0; i < std::min(runs.size(), kMostOneByOne); ++i) {
    logs += (i == 0 ? "" : ", ") + ForTerminal(runs[i].history.path());
  }
  if (runs.size() > kMostOneByOne) logs += fmt::format(" and {} more", runs.size() - kMostOneByOne);
  body += fmt::format(
      "<footer>Made by {} on {} from {}. It is complete in itself: nothing is read from elsewhere.</footer>\n",
      HtmlText(context.program), LocalTimeText(context.now), HtmlText(logs));
  return WholePage(one ? runs.front().name : fmt::format("{} runs", runs.size()), body);
}

}  // namespace cllm::report
