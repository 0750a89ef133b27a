#include "measure/scaling_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "measure/scaling_plots.h"
#include "report/svg.h"

namespace cllm::measure {
namespace {

using report::Escaped;

constexpr char kStyle[] = R"(
:root { color-scheme: light dark;
  --page: #f7f7f4; --card: #ffffff; --ink: #14140f; --soft: #5c5b55; --line: #e3e2dc; --border: #dedcd4;
  --items: #2a78d6; --accumulation: #1baf7a; --reduction: #e0a100; --update: #6a55c9; --between: #8a8880;
  --waiting: #dcdad3; --predicted: #c2541b; --hoped: #d63f7f; --good: #14784f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root {
  --page: #131311; --card: #1c1c19; --ink: #f4f3ee; --soft: #aeaca3; --line: #32312c; --border: #34332e;
  --items: #4b94ea; --accumulation: #25b781; --reduction: #d79f1d; --update: #9384e6; --between: #7d7b73;
  --waiting: #3d3c36; --predicted: #ee8a4f; --hoped: #ee6ba1; --good: #4cc38f; --bad: #f2746b; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
main { max-width: 920px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; } h2 { font-size: 17px; margin: 0 0 2px; }
p { margin: 0 0 10px; color: var(--soft); }
section { background: var(--card); border: 1px solid var(--border); border-radius: 10px; padding: 18px 20px;
  margin-top: 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin-top: 18px; }
.tile { background: var(--card); border: 1px solid var(--border); border-radius: 10px; padding: 12px 16px; }
.tile b { display: block; font-size: 25px; line-height: 1.3; } .tile span { color: var(--soft); font-size: 13px; }
.good { color: var(--good); } .bad { color: var(--bad); }
svg { display: block; width: 100%; height: auto; margin-top: 8px; }
svg text { font: 12px system-ui, "DejaVu Sans", sans-serif; } .label { fill: var(--soft); }
.value { fill: var(--ink); font-weight: 600; } .end { text-anchor: end; } .middle { text-anchor: middle; }
.grid { stroke: var(--line); stroke-width: 1; }
 .ideal { stroke: var(--between); stroke-width: 1; stroke-dasharray: 2 4; }
.cores { stroke: var(--between); stroke-width: 1.5; stroke-dasharray: 6 4; }
.measured { fill: none; stroke: var(--items); stroke-width: 2; } .measured-dot { fill: var(--items); }
.predicted { fill: none; stroke: var(--predicted); stroke-width: 2; stroke-dasharray: 5 4; }
.predicted-dot { fill: var(--card); stroke: var(--predicted); stroke-width: 2; }
.band { fill: var(--predicted); opacity: .16; } .hoped { fill: var(--hoped); opacity: .75; }
.p-items { fill: var(--items); } .p-accumulation { fill: var(--accumulation); } .p-reduction { fill: var(--reduction); }
.p-update { fill: var(--update); } .p-between { fill: var(--between); } .p-waiting { fill: var(--waiting); }
.key { display: flex; flex-wrap: wrap; gap: 4px 20px; font-size: 13px; color: var(--soft); }
.key i { display: inline-block; width: 16px; height: 0; border-top: 3px solid; margin: 0 6px 4px 0; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; width: 100%; margin-top: 8px; }
th, td { padding: 5px 10px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 600; }
 .word { text-align: left; font-family: ui-monospace, "DejaVu Sans Mono", monospace; }
tr:last-child td { border-bottom: 0; } ul { margin: 8px 0 0; padding-left: 20px; color: var(--soft); font-size: 14px; }
)";

std::string Tile(const std::string& figure, const std::string& meaning, std::string_view classes = "") {
  return fmt::format("<div class=\"tile\"><b class=\"{}\">{}</b><span>{}</span></div>\n", classes, Escaped(figure),
                     Escaped(meaning));
}

std::string Tiles(const ScalingResult& result) {
  const ScalingArm &first = result.arms.front(), &last = result.arms.back();
  std::string tiles = result.failures.empty() ? Tile("one hash", "weights and losses the same on every number", "good")
                                              : Tile("FAILED", result.failures.front(), "bad");
  for (const ScalingArm& arm : result.arms) {
    if (arm.threads == result.cores && arm.threads != first.threads) {
      tiles += Tile(fmt::format("{:.2f} ×", arm.speed_up),
                    fmt::format("{} threads on {} cores", arm.threads, result.cores));
    }
    if (&arm == &last && arm.threads > result.cores) {
      tiles += Tile(fmt::format("{:.2f} ×", arm.speed_up),
                    fmt::format("{} threads on {} cores", arm.threads, result.cores));
    }
  }
  double least = 1e9;
  for (const ScalingArm& arm : result.arms) least = std::min(least, arm.processor_share());
  tiles += Tile(fmt::format("{:.1f} %", 100 * least), "processor time of cores x wall, the least of all");
  for (const ScalingPrediction& one : result.predictions) {
    if (one.threads != 63) continue;
    tiles += Tile(fmt::format("{:.1f} ×", one.speed_up), "predicted: 63 threads on 64 cores; hoped: 40 to 50");
  }
  return "<div class=\"tiles\">\n" + tiles + "</div>\n";
}

std::string HtmlTable(const Table& table) {
  std::string html = "<div class=\"scroll\"><table>\n";
  const auto lines = table.Cells();
  for (size_t row = 0; row < lines.size(); ++row) {
    html += "<tr>";
    for (size_t c = 0; c < lines[row].size(); ++c) {
      const char* tag = row == 0 ? "th" : "td";
      html += fmt::format("<{}{}>{}</{}>", tag, table.IsText(c) ? " class=\"word\"" : "", Escaped(lines[row][c]), tag);
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

std::string Section(std::string_view title, std::string_view sentence, const std::string& content) {
  return fmt::format("<section><h2>{}</h2>\n{}{}</section>\n", Escaped(title),
                     sentence.empty() ? "" : fmt::format("<p>{}</p>\n", Escaped(sentence)), content);
}

constexpr char kSpeedUpKey[] =
    "<div class=\"key\"><span><i style=\"border-color:var(--items)\"></i>measured</span>"
    "<span><i style=\"border-color:var(--predicted);border-top-style:dashed\"></i>predicted, on as many cores as "
    "threads</span><span><i style=\"border-color:var(--predicted);opacity:.3\"></i>by the noise of the rounds</span>"
    "<span><i style=\"border-color:var(--hoped)\"></i>hoped by the seed for 63</span></div>\n";

std::string Notes(const Findings& findings) {
  std::string list = "<ul>\n";
  for (const std::string& note : findings.notes) list += fmt::format("<li>{}</li>\n", Escaped(note));
  return list + "</ul>\n";
}

}  // namespace

std::string ScalingPage(const ScalingResult& result, const Findings& findings, const std::string& machine) {
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width\">\n<title>Scaling</title>\n<style>{}</style></head>\n<body><main>\n"
      "<h1>The same training on {} to {} threads</h1>\n<p>{}</p>\n",
      kStyle, result.arms.front().threads, result.arms.back().threads, Escaped(machine));
  page += Tiles(result);
  page += Section("Speed-up", "", kSpeedUpKey + SpeedUpPlot(result) + HtmlTable(findings.table));
  page += Section("Use of the cores", "", ProcessorPlot(result));
  page += Section("Where the time goes", "Of the threads that may work at once.", TimePlot(result));
  page += Section("Spheres", "Every leaf has work; which leaf takes which item changes no bit.", SpheresPlot(result));
  if (result.arms.front().learning) {
    page += Section("It learns", "A small model on a text, on every number of threads to the last bit the same.",
                    LearningPlot(result));
  }
  for (const NamedTable& other : findings.others) page += Section(other.title, "", HtmlTable(other.table));
  page += Section("Notes", "", Notes(findings));
  return page + "</main></body></html>\n";
}

}  // namespace cllm::measure
