#pragma once

#include <string_view>
#include <vector>

namespace cllm {

// A field of a record that is a plain value.
struct ScannedField {
  enum class Kind { kNumber, kNull, kTrue, kFalse, kText };
  std::string_view name;
  Kind kind = Kind::kNull;
  double number = 0;  // of kNumber; 1 and 0 of kTrue and kFalse; may be NaN or infinite, which some writers write
  std::string_view text = {};  // of kText
};

// The fields of a line that is a JSON object of plain values: what a log has most of, read many times as fast as by a
// parser that knows all of JSON. False where the line is anything else (nested values, escapes, no object): the parser
// decides about that one. The fields refer to the line.
bool ScanRecord(std::string_view line, std::vector<ScannedField>& fields);

}  // namespace cllm
