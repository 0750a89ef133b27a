#include "measure/table.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/units.h"

namespace cllm::measure {
namespace {

double RealOf(const JsonValue::Content& content) {
  if (const auto* whole = std::get_if<uint64_t>(&content)) return static_cast<double>(*whole);
  if (const auto* whole = std::get_if<int64_t>(&content)) return static_cast<double>(*whole);
  CHECK(std::holds_alternative<double>(content));
  return std::get<double>(content);
}

std::string Shown(const JsonValue& cell, const Column& column) {
  const JsonValue::Content& content = cell.content();
  if (std::holds_alternative<std::monostate>(content)) return "-";
  switch (column.kind) {
    case Column::Kind::kText:
      CHECK(std::holds_alternative<std::string>(content));
      return std::get<std::string>(content);
    case Column::Kind::kWhole:
      return FormatCount(static_cast<uint64_t>(RealOf(content) + 0.5));
    case Column::Kind::kReal:
      return fmt::format("{:.{}f}", RealOf(content), column.decimals);
    case Column::Kind::kShare:
      return fmt::format("{:.{}f} %", 100 * RealOf(content), column.decimals);
  }
  return "";
}

}  // namespace

void Table::Add(JsonArray cells) {
  CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::vector<std::vector<std::string>> Table::Cells() const {
  std::vector<std::vector<std::string>> lines(1 + rows_.size());
  for (size_t c = 0; c < columns_.size(); ++c) {
    lines[0].push_back(columns_[c].title);
    for (size_t r = 0; r < rows_.size(); ++r) lines[r + 1].push_back(Shown(rows_[r][c], columns_[c]));
  }
  return lines;
}

std::string Table::Text() const {
  const std::vector<std::vector<std::string>> lines = Cells();
  std::string text;
  for (const auto& line : lines) {
    std::string shown;
    for (size_t c = 0; c < columns_.size(); ++c) {
      size_t width = 0;
      for (const auto& other : lines) width = std::max(width, other[c].size());
      shown += IsText(c) ? fmt::format("{:<{}}  ", line[c], width) : fmt::format("{:>{}}  ", line[c], width);
    }
    text += shown.substr(0, shown.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

JsonArray Table::Rows() const {
  JsonArray rows;
  for (const JsonArray& cells : rows_) {
    JsonFields fields;
    for (size_t c = 0; c < columns_.size(); ++c) fields.push_back({columns_[c].key, cells[c]});
    rows.push_back(std::move(fields));
  }
  return rows;
}

}  // namespace cllm::measure
