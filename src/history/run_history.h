#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "history/axis.h"
#include "history/envelope.h"
#include "history/history_event.h"
#include "history/log_faults.h"
#include "store/json.h"

namespace cllm {

// What ReadMore found.
enum class Growth {
  kNone,
  kMore,  // records were added
  kAnew,  // the log is another one than before (a resume replaces it): all that was known is void, and read anew
};

// Where indexes of huge logs are kept.
struct HistoryOptions {
  std::string cache = {};                          // a directory, which may be missing; "": no index is read or written
  uint64_t index_from_bytes = uint64_t{32} << 20;  // of a log; smaller ones are read as fast
};

// A look at the validation part, as the log tells it. A plain value.
struct LoggedEvaluation {
  uint64_t step = 0;
  double nats = 0, bits_per_byte = 0;  // NaN: the log does not say
  uint64_t tokens = 0;                 // that were looked at
  bool whole = false, best = false;
};

// A run as its log.jsonl tells it: numbers by step, evaluations, events. Nothing else of the run is looked at, nothing
// is written beside the log, and a run that trains is not disturbed.
//
// A log may be cut, hold lines of others, the same step twice (the last one counts), steps in any order (they are
// sorted). A resume or a rollback voids what was told of later steps; so does a run that starts again. Its file stays
// open, so that what was found can be read when another one has taken its place. Thread-compatible.
class RunHistory {
 public:
  // Opens a log; what an index in the cache knows of it is there at once, else nothing is read yet.
  // Error (BadInput): it cannot be opened, or is no regular file.
  static Result<RunHistory> Open(const std::string& log_path, const HistoryOptions& options = {});
  // The beginning of a log (its description) and about so many of its last bytes, as something to look at while the
  // whole is still read: whole() is false.
  static Result<RunHistory> OpenNewest(const std::string& log_path, uint64_t bytes);

  RunHistory(RunHistory&&) noexcept;
  RunHistory& operator=(RunHistory&&) noexcept;
  ~RunHistory();

  // Told of each line that is a record, in the order of the log, without its line break.
  using LineSink = std::function<void(std::string_view line)>;
  // Reads what was appended, at most about so many bytes of it (0: all); at_end() tells whether more is there.
  Growth ReadMore(uint64_t bytes = 0, const LineSink& sink = {});
  bool at_end() const;
  bool whole() const;  // false for OpenNewest
  // Whether the log has gone from its place; what was read stays.
  bool gone() const;
  // Writes an index, where the log is large enough for one and has grown much since the last one. Error (Failed).
  Status SaveIndex();

  const std::string& path() const;
  uint64_t bytes() const;  // read of the log
  LogFaults faults() const;
  double changed() const;  // when the log was written last, seconds since 1970

  // What was in use when the last session began, by the names of run_start; empty: no such record was seen.
  const JsonFields& description() const;
  std::optional<double> Described(std::string_view name) const;  // one of its numbers
  std::string DescribedText(std::string_view name) const;        // one of its texts, or ""

  // Numbers of steps: "loss", "grad_norm"; then of evaluations: "val_nats", "val_bits_per_byte" (bits_per_byte of the
  // record), "whole". In the order in which they were seen; the axes' own are not among them.
  std::vector<std::string> names() const;
  bool IsOfEvaluations(std::string_view name) const;
  uint64_t steps() const;        // records of steps
  uint64_t evaluations() const;  // records of evaluations
  // The last value of a name; nothing where there is none.
  std::optional<double> Last(std::string_view name) const;
  // The last place on an axis, of all steps; nothing where there is none.
  std::optional<double> LastPlace(Axis axis) const;
  // The sum of a name's finite values.
  double Sum(std::string_view name) const;

  // The mean of a name's finite values over the steps after `after` up to `upto`; nothing where there are none.
  std::optional<double> Mean(std::string_view name, uint64_t after, uint64_t upto) const;
  // The last so many values of a name, by step.
  std::vector<std::pair<uint64_t, double>> Newest(std::string_view name, size_t count) const;
  std::vector<LoggedEvaluation> Evaluations() const;

  // A curve over a part of an axis, in at most so many points (2 to kMaxEnvelopePoints). Empty for a name or an axis
  // that the log does not have. The axes' own names are curves, too: where the steps lie on each.
  Envelope Curve(std::string_view name, Axis axis, const Window& window = {}, size_t points = 1000,
                 Spacing spacing = Spacing::kEven) const;
  // Values one by one: calls `row` with step, seconds since 1970 (0: unknown) and the values of `names` (Missing()
  // of number_table.h where a record has none), in the order of steps; rows of steps and of evaluations that have one
  // step are one.
  void ForEachRow(const std::vector<std::string>& names,
                  const std::function<void(uint64_t step, double time, const std::vector<double>& values)>& row) const;

  // Where sessions began, on an axis; the first is the run's start.
  std::vector<double> Sessions(Axis axis) const;
  // All that are not void, in the order of the log.
  const std::vector<HistoryEvent>& events() const;
  // An event's record. Error (BadInput): it cannot be read any more.
  Result<JsonObject> Record(const HistoryEvent& event) const;
  // Its text, or "".
  std::string Text(const HistoryEvent& event) const;
  // The last record of what the spheres did, and of the run's end, if that was the last of the sessions' events.
  std::optional<JsonObject> Spheres() const;
  std::optional<JsonObject> End() const;

 private:
  class Impl;
  explicit RunHistory(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A whole log, with its index if it is huge. Error: as RunHistory::Open.
Result<RunHistory> ReadRunHistory(const std::string& log_path, const HistoryOptions& options = {});

}  // namespace cllm
