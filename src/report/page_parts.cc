#include "report/page_parts.h"

#include <fmt/format.h>

#include <ctime>

#include "report/chart.h"
#include "report/svg.h"
#include "terminal/terminal_text.h"

namespace cllm::report {
namespace {

constexpr std::string_view kPageStyle = R"(
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 32px 20px 56px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 10px; } h3 { font-size: 14px; margin: 18px 0 6px; }
p { margin: 0 0 10px; } .soft, footer { color: var(--ink-soft); }
section { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 20px;
  margin-top: 16px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(118px, 1fr)); gap: 10px; margin-top: 18px; }
.tile { background: var(--sheet); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tile b { display: block; font-size: 21px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span { color: var(--ink-soft); font-size: 13px; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 18px; margin: 0; }
dt { font-weight: 600; } dd { margin: 0; overflow-wrap: anywhere; }
dl.fine { font-size: 13px; gap: 3px 18px; } dl.fine dt { font-weight: 400; color: var(--ink-soft); }
dl.fine dd { font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
ul { margin: 8px 0 0; padding-left: 20px; } .alert { color: var(--c4); font-weight: 600; }
svg { display: block; width: 100%; height: auto; } svg + svg { margin-top: 18px; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(400px, 1fr)); gap: 18px; align-items: start; }
.columns svg { margin: 0; }
pre { margin: 0; padding: 12px 14px; background: var(--ground); border-radius: 6px; white-space: pre-wrap;
  overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; width: 100%; }
th, td { padding: 4px 12px 4px 0; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th { color: var(--ink-soft); font-weight: 600; } th:first-child, td:first-child { text-align: left; }
.words td, .words th { text-align: left; }
.words td:last-child { white-space: normal; overflow-wrap: anywhere; width: 70%; }
tr:last-child td { border-bottom: 0; } td.best { color: var(--c2); font-weight: 700; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 7px; }
footer { margin-top: 20px; font-size: 13px; overflow-wrap: anywhere; }
@media (max-width: 620px) { main { padding: 20px 10px; } section { padding: 14px; }
  dl { grid-template-columns: 1fr; gap: 2px; }
  dd { margin-bottom: 8px; } .columns { grid-template-columns: 1fr; } .scroll > svg { min-width: 640px; } }
@page { margin: 14mm; }
@media print { body { background: #fff; font-size: 12px; } main { max-width: none; padding: 0; }
  section, .tile { background: #fff; border-color: #ccc; } svg { background: #fff; } pre { background: #f4f4f2; }
  svg, .tile, tr, h2, h3, pre, .alert { break-inside: avoid; } dl.fine { font-size: 11px; }
  h2, h3 { break-after: avoid; }
  section { padding: 12px; } .columns { grid-template-columns: 1fr 1fr; } }
)";

}  // namespace

std::string HtmlText(const std::string& text) { return Escaped(ForTerminal(text)); }

std::string Shortened(const std::string& text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return text.substr(0, bytes) + " …";
}

std::string WholePage(const std::string& title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<main>\n{}</main>\n</body>\n</html>\n",
      HtmlText(title), kChartStyle, kPageStyle, body);
}

std::string Section(std::string_view title, const std::string& html) {
  if (html.empty()) return "";
  const std::string heading = title.empty() ? "" : fmt::format("<h2>{}</h2>\n", Escaped(title));
  return fmt::format("<section>\n{}{}</section>\n", heading, html);
}

std::string Table(const HtmlRows& rows, std::string_view classes) {
  std::string html;
  for (size_t i = 0; i < rows.size(); ++i) {
    html += "<tr>";
    for (const std::string& cell : rows[i]) html += fmt::format("<{0}>{1}</{0}>", i == 0 ? "th" : "td", cell);
    html += "</tr>\n";
  }
  return fmt::format("<div class=\"scroll\"><table class=\"{}\">\n{}</table></div>\n", classes, html);
}

std::string Pairs(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string html = "<dl class=\"fine\">\n";
  for (const auto& [name, value] : pairs)
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", HtmlText(name), HtmlText(value));
  return html + "</dl>\n";
}

std::string Tile(const std::string& figure, const std::string& meaning) {
  return fmt::format("<div class=\"tile\"><b>{}</b><span>{}</span></div>\n", HtmlText(figure), HtmlText(meaning));
}

std::string LocalTimeText(double seconds) {
  const auto when = static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&when, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

}  // namespace cllm::report
