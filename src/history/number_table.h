#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cllm {

// What stands where a row has no value: a NaN that no arithmetic makes.
inline constexpr uint64_t kMissingBits = 0x7ff8'6d69'7373'0000;
inline double Missing() { return std::bit_cast<double>(kMissingBits); }
inline bool IsMissing(double value) { return std::bit_cast<uint64_t>(value) == kMissingBits; }

// Numbers by step: columns with names, a row a step, in the order of steps. Its first rows may lie in memory of someone
// else (an index that is mapped), which it only reads. Thread-compatible.
class NumberTable {
 public:
  static constexpr size_t kMaxColumns = 40;

  // The column of a name, made where there is none; nothing where there are kMaxColumns. position: of the name in its
  // record; found faster where records have the same names in the same order.
  std::optional<size_t> ColumnFor(std::string_view name, size_t position);
  std::optional<size_t> ColumnFor(std::string_view name);
  std::optional<size_t> Find(std::string_view name) const;
  const std::vector<std::string>& names() const { return names_; }

  // Begins a row. One of the step of the row before takes its place, with nothing of it; one of an earlier step is
  // sorted in by Settle, and is the one that counts among those of its step.
  void Begin(uint64_t step);
  void Set(size_t column, double value);  // of the row that was begun last

  // Puts the rows in order. To be called after rows were added and before the others here are; cheap where nothing is
  // to be done.
  void Settle();
  // Removes the rows of later steps.
  void CutAfter(uint64_t step);

  bool sorted() const { return sorted_; }
  size_t rows() const { return lent_rows_ + steps_.size(); }
  uint64_t Step(size_t row) const { return row < lent_rows_ ? lent_steps_[row] : steps_[row - lent_rows_]; }
  double At(size_t column, size_t row) const {
    return row < lent_rows_ ? Lent(column, row) : values_[column][row - lent_rows_];
  }
  // Rows of steps up to this one.
  size_t RowsUpTo(uint64_t step) const;

  // Rows that lie elsewhere, in order; REQUIRES: the table is empty, columns have as many values as there are steps,
  // and both outlive this.
  void Lend(std::span<const uint64_t> steps, const std::vector<std::string>& names,
            const std::vector<std::span<const double>>& columns);

 private:
  double Lent(size_t column, size_t row) const { return column < lent_.size() ? lent_[column][row] : Missing(); }
  void TakeOver();  // copies what was lent

  std::vector<std::string> names_;
  std::vector<size_t> at_position_;  // the column of the last name that stood there
  std::vector<uint64_t> steps_;
  std::vector<std::vector<double>> values_;  // by column
  bool sorted_ = true;
  size_t lent_rows_ = 0;
  std::span<const uint64_t> lent_steps_;
  std::vector<std::span<const double>> lent_;
};

}  // namespace cllm
