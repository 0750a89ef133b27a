#include "report/run_comparison_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/units.h"
#include "report/chart.h"
#include "report/count_text.h"
#include "report/page_parts.h"
#include "run/run_comparison.h"

namespace cllm::report {
namespace {

std::vector<RunRecord> RecordsOf(const std::vector<ReportedRun>& runs) {
  std::vector<RunRecord> records;
  for (const ReportedRun& run : runs) {
    if (run.record) records.push_back(*run.record);
  }
  return records;
}

bool AllHaveRecords(const std::vector<ReportedRun>& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const ReportedRun& run) { return run.record.has_value(); });
}

// Lower is better; whole parts and samples are of two kinds.
bool IsBetter(const ReportedRun& a, const ReportedRun& b) {
  if (a.facts.best.has_value() != b.facts.best.has_value()) return a.facts.best.has_value();
  if (!a.facts.best) return false;
  return a.facts.best->bits_per_byte < b.facts.best->bits_per_byte;
}

std::string Verdict(const std::vector<ReportedRun>& runs, const std::vector<size_t>& order) {
  const ReportedRun &first = runs[order[0]], &second = runs[order[1]];
  if (!first.facts.best) return "<p>None of them was evaluated yet.</p>\n";
  std::string text = fmt::format("{} is the best: {:.4f} bits per byte at step {}", first.name,
                                 first.facts.best->bits_per_byte, FormatCount(first.facts.best->step));
  if (second.facts.best) {
    text += fmt::format("; {} follows with {:.4f}", second.name, second.facts.best->bits_per_byte);
    if (first.facts.best->whole != second.facts.best->whole) {
      text += " (one over the whole validation part, the other over a sample: not quite the same measure)";
    }
  }
  text += ".";
  const std::vector<RunRecord> records = RecordsOf(runs);
  if (AllHaveRecords(runs)) {
    const RunComparison both = Compare({*first.record, *second.record});
    std::vector<std::string> differences;
    for (const RunDifference& one : both.configuration) {
      if (one.name == "pace" || differences.size() == 6) continue;
      differences.push_back(fmt::format("{} {} against {}", one.name, one.values[0].empty() ? "none" : one.values[0],
                                        one.values[1].empty() ? "none" : one.values[1]));
    }
    if (!differences.empty()) text += fmt::format(" These two differ in {}.", fmt::join(differences, "; "));
    if (!Compare(records).same_text) text += " Their texts are different ones: such figures cannot be compared.";
  }
  return fmt::format("<p>{}</p>\n", HtmlText(text));
}

}  // namespace

std::string ComparisonPart(const std::vector<ReportedRun>& runs) {
  std::vector<size_t> order(runs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return IsBetter(runs[a], runs[b]); });
  HtmlRows rows = {{"run", "bits per byte", "nats per token", "at step", "training loss", "steps", "tokens", "time",
                    "parameters", "learning"}};
  for (const size_t i : order) {
    const RunFacts& facts = runs[i].facts;
    const std::string sample = facts.best && !facts.best->whole ? " (sample)" : "";
    const auto parameters = runs[i].history.Described("parameters");
    rows.push_back({fmt::format("<span class=\"swatch\" style=\"background: var(--c{})\"></span>{}", i % kChartColours,
                                HtmlText(runs[i].name)),
                    facts.best ? fmt::format("{:.4f}{}", facts.best->bits_per_byte, sample) : "",
                    facts.best ? fmt::format("{:.4f}", facts.best->nats) : "",
                    facts.best ? FormatCount(facts.best->step) : "",
                    facts.training_nats > 0 ? fmt::format("{:.4f}", facts.training_nats) : "", FormatCount(facts.step),
                    CountText(facts.tokens), FormatDuration(facts.seconds), parameters ? CountText(*parameters) : "",
                    NameOf(facts.learning)});
  }
  return Verdict(runs, order) + Table(rows);
}

std::string DifferencePart(const std::vector<ReportedRun>& runs) {
  if (!AllHaveRecords(runs)) return "<p class=\"soft\">Not known: some of them are logs alone.</p>\n";
  const RunComparison comparison = Compare(RecordsOf(runs));
  HtmlRows rows = {{"option"}};
  for (const ReportedRun& run : runs) rows[0].push_back(HtmlText(run.name));
  for (const RunDifference& difference : comparison.configuration) {
    rows.push_back({HtmlText(difference.name)});
    for (const std::string& value : difference.values) rows.back().push_back(HtmlText(Shortened(value, 60)));
  }
  if (rows.size() == 1) return "<p>In none of their options.</p>\n";
  return Table(rows);
}

}  // namespace cllm::report
