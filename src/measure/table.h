#pragma once

#include <string>
#include <vector>

#include "store/json.h"

namespace cllm::measure {

// A column of a result: its name for machines and for people, and how a number is shown to people.
struct Column {
  enum class Kind {
    kText,
    kWhole,
    kReal,   // with `decimals`
    kShare,  // a fraction; people see per cent, with `decimals`
  };
  std::string key, title;
  Kind kind = Kind::kReal;
  int decimals = 1;
};

// What a benchmark found: one table, for people as text and for machines as JSON. A plain value.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // REQUIRES: one cell for each column, of its kind; null is shown as "-".
  void Add(JsonArray cells);

  // The titles, then a line of cells for each row, as people see them.
  std::vector<std::vector<std::string>> Cells() const;
  bool IsText(size_t column) const { return columns_[column].kind == Column::Kind::kText; }
  // A header and a line for each row, columns aligned (text left, numbers right), each line with a newline.
  std::string Text() const;
  // One object for each row.
  JsonArray Rows() const;

 private:
  std::vector<Column> columns_;
  std::vector<JsonArray> rows_;
};

// A further table of a result: an array of rows for machines, under its key.
struct NamedTable {
  std::string key, title;
  Table table;
};

// A benchmark's whole result. A plain value.
struct Findings {
  Table table;
  JsonFields facts = {};                // about the whole
  std::vector<NamedTable> others = {};
  std::vector<std::string> notes = {};  // sentences for people
};

}  // namespace cllm::measure
