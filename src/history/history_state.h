#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "history/history_event.h"
#include "history/log_faults.h"
#include "history/number_table.h"
#include "history/record_scanner.h"

namespace cllm {

// What a log told so far, apart from the file that it came from: what an index keeps. A plain value, but that its
// tables may have rows in memory of the index.
struct HistoryState {
  NumberTable steps, evaluations;
  std::vector<HistoryEvent> events;    // those that are not void
  std::vector<HistoryEvent> sessions;  // run_start and resume
  std::optional<HistoryEvent> spheres, end;
  double wall_s = 0;     // of the sessions so far, by the times in the log
  double last_time = 0;  // of the last record of this session that has one; 0: none
  LogFaults faults;
};

// Columns of both tables that no record has: where a row lies on the axes, and what the clock says has gone by.
inline constexpr const char* kSecondsColumn = "@seconds";
inline constexpr const char* kTimeColumn = "@time";
inline constexpr const char* kWallColumn = "@wall";
inline constexpr const char* kTokensColumn = "tokens";

// Takes the lines of a log into a state. One thread only.
class RecordTaker {
 public:
  // state: outlives this; its tables are to be settled when lines were taken.
  explicit RecordTaker(HistoryState& state);

  // The next line, which stands at `offset`. True: it is a record.
  bool Take(std::string_view line, uint64_t offset);

 private:
  struct Line;
  bool TakeRecord(const Line& line);
  bool TakeParsed(std::string_view text, uint64_t offset);
  void TakeStep(uint64_t step, const Line& line);
  void TakeEvaluation(uint64_t step, const Line& line);
  void TakeEvent(HistoryEventKind kind, uint64_t step, const Line& line);
  void SetFields(NumberTable& table, const Line& line, bool of_evaluation);
  void PlaceStep(const Line& line);
  void PlaceEvaluation(uint64_t step, double time);
  void Void(uint64_t later_than);
  void LetTimePass(double time);

  HistoryState& state_;
  std::vector<ScannedField> fields_;
  uint64_t latest_voidable_ = ~uint64_t{0};  // the latest step of an event that a rollback could void; or above it
};

}  // namespace cllm
