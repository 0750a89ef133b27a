#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace cllm {

// What a log tells beside numbers.
enum class HistoryEventKind : uint8_t {
  kStart,
  kResume,
  kSample,
  kCheckpoint,
  kSkippedSave,
  kNote,
  kDivergence,
  kRollback,
  kEnd,
};
const char* NameOf(HistoryEventKind kind);  // as in the log: "run_start", "sample"; "diverged" for kDivergence
std::optional<HistoryEventKind> EventKindNamed(std::string_view name);  // nothing: none of these

// Where an event stands; what else it says is read from the log when it is asked for (RunHistory::Record, Text). A
// plain value.
struct HistoryEvent {
  HistoryEventKind kind = HistoryEventKind::kNote;
  uint64_t step = 0;
  double time = 0;      // seconds since 1970; 0: the log does not say
  uint64_t offset = 0;  // of its line in the log
  uint64_t bytes = 0;   // of its line
};

}  // namespace cllm
