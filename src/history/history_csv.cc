#include "history/history_csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "history/number_table.h"

namespace cllm {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 16;

// "2026-11-27T18:48:01.250Z", or nothing.
std::string TimeStamp(double time) {
  // Years of four digits.
  if (!(time > 0 && time < 253'402'300'799.0)) return "";
  const auto milliseconds = static_cast<int64_t>(time * 1000);
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, milliseconds % 1000);
}

// Names of records are texts of anybody.
std::string Quoted(std::string_view name) {
  if (name.find_first_of("\",\r\n") == name.npos) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

Status CheckNames(const RunHistory& history, const std::vector<std::string>& names,
                  const std::vector<std::string>& known) {
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return Usage(
        fmt::format("{} has no curve '{}', expected some of {}", history.path(), name, fmt::join(known, ", ")));
  }
  return {};
}

}  // namespace

Status WriteCsv(const RunHistory& history, const std::vector<std::string>& names,
                const std::function<Status(std::string_view piece)>& out) {
  std::vector<std::string> known = {"tokens", "seconds"};
  const std::vector<std::string> curves = history.names();
  known.insert(known.end(), curves.begin(), curves.end());
  CLLM_TRY(CheckNames(history, names, known));
  const std::vector<std::string>& columns = names.empty() ? known : names;
  std::string piece = "step,timestamp";
  for (const std::string& name : columns) (piece += ',') += Quoted(name);
  piece += '\n';
  Status status;
  history.ForEachRow(columns, [&](uint64_t step, double time, const std::vector<double>& values) {
    if (!status.ok()) return;
    fmt::format_to(std::back_inserter(piece), "{},{}", step, TimeStamp(time));
    for (const double value : values) {
      piece += ',';
      if (!IsMissing(value)) fmt::format_to(std::back_inserter(piece), "{}", value);
    }
    piece += '\n';
    if (piece.size() < kPieceBytes) return;
    status = out(piece);
    piece.clear();
  });
  CLLM_TRY(status);
  return out(piece);
}

}  // namespace cllm
