#include "history/history_event.h"

#include <array>
#include <utility>

namespace cllm {
namespace {

constexpr std::array<std::pair<HistoryEventKind, const char*>, 9> kEventNames = {{
    {HistoryEventKind::kStart, "run_start"},
    {HistoryEventKind::kResume, "resume"},
    {HistoryEventKind::kSample, "sample"},
    {HistoryEventKind::kCheckpoint, "checkpoint"},
    {HistoryEventKind::kSkippedSave, "skipped_save"},
    {HistoryEventKind::kNote, "note"},
    {HistoryEventKind::kDivergence, "diverged"},
    {HistoryEventKind::kRollback, "rollback"},
    {HistoryEventKind::kEnd, "run_end"},
}};

}  // namespace

const char* NameOf(HistoryEventKind kind) {
  for (const auto& [one, name] : kEventNames) {
    if (one == kind) return name;
  }
  return "";
}

std::optional<HistoryEventKind> EventKindNamed(std::string_view name) {
  for (const auto& [kind, one] : kEventNames) {
    if (name == one) return kind;
  }
  return std::nullopt;
}

}  // namespace cllm
