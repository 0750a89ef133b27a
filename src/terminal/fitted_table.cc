#include "terminal/fitted_table.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "base/check.h"
#include "terminal/text_width.h"

namespace cllm {
namespace {

constexpr size_t kGap = 2;
constexpr std::string_view kCut = "...";

using Widths = std::vector<size_t>;  // of the columns; 0: left out

Widths WidthsOf(const TableRows& rows) {
  Widths widths(rows.front().size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], ColumnsOf(row[i]));
  }
  return widths;
}

size_t Total(const Widths& widths) {
  const size_t shown = widths.size() - static_cast<size_t>(std::count(widths.begin(), widths.end(), 0));
  return std::accumulate(widths.begin(), widths.end(), kGap * (shown - std::min<size_t>(shown, 1)));
}

// Takes from the widest columns among [first, last) what is too much, down to the least that their rules allow.
void Shorten(const std::vector<ColumnRule>& rules, size_t first, size_t last, size_t width, Widths& widths) {
  while (Total(widths) > width) {
    size_t widest = last;
    for (size_t i = first; i < last; ++i) {
      const bool may = rules[i].least != 0 && widths[i] > rules[i].least;
      if (may && (widest == last || widths[i] > widths[widest])) widest = i;
    }
    if (widest == last) return;
    --widths[widest];
  }
}

Widths Fit(const Widths& whole, const std::vector<ColumnRule>& rules, size_t width) {
  size_t last_drop = 0;
  for (const ColumnRule& rule : rules) last_drop = std::max(last_drop, rule.drop);
  Widths widths = whole;
  for (size_t dropped = 0; dropped <= last_drop && Total(widths) > width; ++dropped) {
    widths = whole;
    if (rules[0].least != 0) widths[0] = std::min(whole[0], std::max(width / 2, rules[0].least));
    for (size_t i = 0; i < rules.size(); ++i) {
      if (rules[i].drop != 0 && rules[i].drop <= dropped) widths[i] = 0;
    }
    Shorten(rules, 1, rules.size(), width, widths);
  }
  Shorten(rules, 0, 1, width, widths);
  return widths;
}

std::string Beginning(std::string_view text, size_t columns) {
  if (ColumnsOf(text) <= columns) return std::string(text);
  if (columns <= kCut.size()) return std::string(FirstColumns(text, columns));
  return std::string(FirstColumns(text, columns - kCut.size())).append(kCut);
}

std::string End(std::string_view text, size_t columns) {
  if (ColumnsOf(text) <= columns) return std::string(text);
  const size_t room = columns - std::min(columns, kCut.size());
  while (ColumnsOf(text) > room) {
    constexpr size_t kWidestCharacter = 2;
    const std::string_view one = FirstColumns(text, 1);
    text.remove_prefix(std::max<size_t>(1, (one.empty() ? FirstColumns(text, kWidestCharacter) : one).size()));
  }
  return std::string(kCut.substr(0, columns)).append(text);
}

std::string Line(const std::vector<std::string>& row, const Widths& widths) {
  std::string line;
  size_t gap = 0;  // up to the next cell that holds something: no line ends with spaces
  for (size_t i = 0; i < row.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string cell = i == 0 ? End(row[i], widths[i]) : Beginning(row[i], widths[i]);
    if (!cell.empty()) {
      line.append(gap, ' ').append(cell);
      gap = 0;
    }
    gap += widths[i] - ColumnsOf(cell) + kGap;
  }
  return line + '\n';
}

}  // namespace

size_t TableWidth(const TableRows& rows) { return Total(WidthsOf(rows)); }

std::string FitTable(const TableRows& rows, const std::vector<ColumnRule>& rules, size_t width) {
  CHECK(!rows.empty() && rules.size() == rows.front().size());
  Widths widths = WidthsOf(rows);
  if (width != 0) widths = Fit(widths, rules, width);
  std::string text;
  for (const auto& row : rows) text += Line(row, widths);
  return text;
}

}  // namespace cllm
