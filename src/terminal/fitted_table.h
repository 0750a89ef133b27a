#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace cllm {

// How a column gives way where a table is wider than its window.
struct ColumnRule {
  size_t least = 0;  // columns of the window that it may be shortened to; 0: it is not shortened
  size_t drop = 0;   // when it is left out: 1 first; 0: never
};

// Cells of a table; all rows have as many as there are columns.
using TableRows = std::vector<std::vector<std::string>>;

// Columns of the window that a table takes.
size_t TableWidth(const TableRows& rows);

// The table in lines of at most `width` columns (0: no limit), its columns two spaces apart. Where it is too wide, the
// first column, which names the rows, gets half of the width at most, shortened from its beginning, since names of one
// folder differ at their ends; the others are shortened from the end; then columns are left out, in the order of their
// rules; at last the first one is shortened further. What has no rule stays whole.
// REQUIRES: a rule for each column, a row.
std::string FitTable(const TableRows& rows, const std::vector<ColumnRule>& rules, size_t width);

}  // namespace cllm
