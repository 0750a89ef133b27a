#include "history/number_table.h"

#include <algorithm>
#include <numeric>

#include "base/check.h"

namespace cllm {

std::optional<size_t> NumberTable::Find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return static_cast<size_t>(found - names_.begin());
}

std::optional<size_t> NumberTable::ColumnFor(std::string_view name, size_t position) {
  if (position < at_position_.size()) {
    const size_t column = at_position_[position];
    if (column < names_.size() && names_[column] == name) return column;
  }
  const auto column = ColumnFor(name);
  if (column && position < kMaxColumns) {
    if (position >= at_position_.size()) at_position_.resize(position + 1, 0);
    at_position_[position] = *column;
  }
  return column;
}

std::optional<size_t> NumberTable::ColumnFor(std::string_view name) {
  if (const auto found = Find(name)) return found;
  if (names_.size() == kMaxColumns) return std::nullopt;
  names_.emplace_back(name);
  values_.emplace_back(steps_.size(), Missing());
  return names_.size() - 1;
}

void NumberTable::Begin(uint64_t step) {
  const size_t before = rows();
  if (before != 0 && step <= Step(before - 1)) {
    if (step < Step(before - 1)) {
      sorted_ = false;
    } else if (steps_.empty()) {
      --lent_rows_;
    } else {
      steps_.pop_back();
      for (std::vector<double>& column : values_) column.pop_back();
    }
  }
  steps_.push_back(step);
  for (std::vector<double>& column : values_) column.push_back(Missing());
}

void NumberTable::Set(size_t column, double value) { values_[column].back() = value; }

void NumberTable::TakeOver() {
  if (lent_rows_ == 0) return;
  steps_.insert(steps_.begin(), lent_steps_.begin(), lent_steps_.begin() + static_cast<ptrdiff_t>(lent_rows_));
  for (size_t i = 0; i < values_.size(); ++i) {
    if (i < lent_.size()) {
      values_[i].insert(values_[i].begin(), lent_[i].begin(), lent_[i].begin() + static_cast<ptrdiff_t>(lent_rows_));
    } else {
      values_[i].insert(values_[i].begin(), lent_rows_, Missing());
    }
  }
  lent_rows_ = 0;
}

void NumberTable::Settle() {
  if (sorted_) return;
  TakeOver();
  std::vector<size_t> order(steps_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return steps_[a] < steps_[b]; });
  // Of those of one step the last one stays.
  size_t kept = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (kept != 0 && steps_[order[kept - 1]] == steps_[order[i]]) --kept;
    order[kept++] = order[i];
  }
  order.resize(kept);
  const auto reorder = [&order](auto& values) {
    auto ordered = values;
    ordered.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i) ordered[i] = values[order[i]];
    values = std::move(ordered);
  };
  reorder(steps_);
  for (std::vector<double>& column : values_) reorder(column);
  sorted_ = true;
}

size_t NumberTable::RowsUpTo(uint64_t step) const {
  size_t low = 0, high = rows();
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (Step(middle) <= step) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

void NumberTable::CutAfter(uint64_t step) {
  Settle();
  const size_t kept = RowsUpTo(step);
  lent_rows_ = std::min(lent_rows_, kept);
  steps_.resize(kept - lent_rows_);
  for (std::vector<double>& column : values_) column.resize(steps_.size());
}

void NumberTable::Lend(std::span<const uint64_t> steps, const std::vector<std::string>& names,
                       const std::vector<std::span<const double>>& columns) {
  CHECK(rows() == 0 && names_.empty() && names.size() == columns.size());
  names_ = names;
  values_.assign(names.size(), {});
  lent_steps_ = steps;
  lent_rows_ = steps.size();
  lent_ = columns;
}

}  // namespace cllm
