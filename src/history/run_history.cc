#include "history/run_history.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "history/history_index.h"
#include "history/history_state.h"
#include "history/log_file.h"

namespace cllm {
namespace {

constexpr uint64_t kBeginningBytes = uint64_t{256} << 10;  // where a log's description stands
constexpr double kGrowthForAnIndex = 1.25;
constexpr double kMostSteps = 0x1p53;

// What records have for other ends than to be drawn.
bool IsDrawn(std::string_view name) { return !name.starts_with('@') && name != kTokensColumn && name != "eta_s"; }

const char* ColumnOf(Axis axis) {
  switch (axis) {
    case Axis::kStep:
      return "";
    case Axis::kTokens:
      return kTokensColumn;
    case Axis::kSeconds:
      return kSecondsColumn;
    case Axis::kTime:
      return kTimeColumn;
  }
  return "";
}

// Where rows lie on an axis.
class Places {
 public:
  Places(const NumberTable& table, Axis axis)
      : table_(table), by_step_(axis == Axis::kStep), column_(table.Find(ColumnOf(axis))) {}
  bool known() const { return by_step_ || column_.has_value(); }
  // REQUIRES: known(). Missing() where the row has none.
  double Of(size_t row) const { return by_step_ ? static_cast<double>(table_.Step(row)) : table_.At(*column_, row); }

 private:
  const NumberTable& table_;
  const bool by_step_;
  const std::optional<size_t> column_;
};

// Calls each(x, value) for value(row), x never falling: what lies before its predecessor, as after a clock was put
// back, lies beside it. Of steps only those of the window are looked at.
template <typename Value, typename Each>
void ForEachValue(const NumberTable& table, const Value& value_of, Axis axis, const Window& window, const Each& each) {
  const Places places(table, axis);
  if (!places.known()) return;
  size_t row = 0, end = table.rows();
  if (axis == Axis::kStep) {
    if (window.from >= 1) row = table.RowsUpTo(static_cast<uint64_t>(std::min(window.from, kMostSteps)) - 1);
    if (window.to < kMostSteps) end = table.RowsUpTo(static_cast<uint64_t>(std::max(0.0, window.to)));
  }
  double x = -std::numeric_limits<double>::infinity();
  for (; row < end; ++row) {
    const double value = value_of(row), place = places.Of(row);
    if (IsMissing(value) || !(place - place == 0)) continue;  // nowhere, too, are NaN and infinity
    x = std::max(x, place);
    each(x, value);
  }
}

}  // namespace

class RunHistory::Impl {
 public:
  Impl(std::string path, HistoryOptions options, LogFile log)
      : path_(std::move(path)), options_(std::move(options)), log_(std::move(log)) {}

  void UseIndex();
  void ReadNewest(uint64_t bytes);
  bool Read(uint64_t bytes, const LineSink& sink);
  Growth ReadMore(uint64_t bytes, const LineSink& sink);
  Status SaveIndex();
  Result<JsonObject> Record(const HistoryEvent& event) const;
  LogFaults Faults() const;
  // The table that has a name, and its column.
  std::pair<const NumberTable*, size_t> Find(std::string_view name) const;

  std::string path_;
  HistoryOptions options_;
  LogFile log_;
  std::optional<MappedFile> index_;  // in which rows of the state lie
  std::optional<FileClaim> claim_;
  HistoryState state_;
  uint64_t indexed_bytes_ = 0;
  uint64_t index_long_lines_ = 0;
  bool whole_ = true, gone_ = false;
  JsonFields description_;

 private:
  void Describe();
};

void RunHistory::Impl::UseIndex() {
  if (options_.cache.empty() || log_.size() < options_.index_from_bytes) return;
  std::optional<LoadedIndex> index = ReadIndex(IndexPath(options_.cache, path_), log_);
  if (!index) return;
  index_ = std::move(index->file);
  claim_ = std::move(index->claim);
  state_ = std::move(index->state);
  indexed_bytes_ = index->log_bytes;
  index_long_lines_ = state_.faults.long_lines;
  log_.GoTo(indexed_bytes_);
  Describe();
}

void RunHistory::Impl::ReadNewest(uint64_t bytes) {
  const uint64_t size = log_.size();
  if (size <= bytes + kBeginningBytes) return;
  whole_ = false;
  if (Result<LogFile> beginning = LogFile::Open(path_); beginning.ok()) {
    HistoryState state;
    RecordTaker taker(state);
    beginning->Read(kBeginningBytes, [&taker](std::string_view line, uint64_t at) { taker.Take(line, at); });
    state_.sessions = std::move(state.sessions);
    Describe();
  }
  log_.GoTo(size - bytes);
}

bool RunHistory::Impl::Read(uint64_t bytes, const LineSink& sink) {
  RecordTaker taker(state_);
  const size_t sessions = state_.sessions.size();
  const bool read = log_.Read(bytes, [&](std::string_view line, uint64_t offset) {
    if (taker.Take(line, offset) && sink) sink(line);
  });
  state_.steps.Settle();
  state_.evaluations.Settle();
  if (state_.sessions.size() != sessions) Describe();
  return read;
}

void RunHistory::Impl::Describe() {
  if (state_.sessions.empty()) return;
  if (const Result<JsonObject> record = Record(state_.sessions.back()); record.ok()) description_ = record->fields();
}

Growth RunHistory::Impl::ReadMore(uint64_t bytes, const LineSink& sink) {
  const LogFile::Place place = log_.Look();
  gone_ = place == LogFile::Place::kGone;
  if (place != LogFile::Place::kOther) return Read(bytes, sink) ? Growth::kMore : Growth::kNone;
  Result<LogFile> other = LogFile::Open(path_);
  if (!other.ok()) {
    gone_ = true;
    return Growth::kNone;
  }
  *this = Impl(path_, options_, *std::move(other));
  UseIndex();
  Read(bytes, sink);
  return Growth::kAnew;
}

Status RunHistory::Impl::SaveIndex() {
  const auto bytes = static_cast<double>(log_.line_offset());
  if (options_.cache.empty() || !whole_ || log_.line_offset() < options_.index_from_bytes) return {};
  if (bytes < kGrowthForAnIndex * static_cast<double>(indexed_bytes_)) return {};
  CLLM_TRY(WriteIndex(IndexPath(options_.cache, path_), state_, log_));
  indexed_bytes_ = log_.line_offset();
  return {};
}

Result<JsonObject> RunHistory::Impl::Record(const HistoryEvent& event) const {
  if (event.bytes > LogFile::kMaxLine) return BadInput(path_ + ": expected a record, found a longer line");
  return JsonObject::Parse(log_.At(event.offset, event.bytes), path_);
}

LogFaults RunHistory::Impl::Faults() const {
  LogFaults faults = state_.faults;
  faults.long_lines = index_long_lines_ + log_.long_lines();
  return faults;
}

std::pair<const NumberTable*, size_t> RunHistory::Impl::Find(std::string_view name) const {
  const std::string_view column = name == NameOf(Axis::kSeconds) ? kSecondsColumn
                                  : name == NameOf(Axis::kTime)  ? kTimeColumn
                                                                 : name;
  if (const auto found = state_.steps.Find(column)) return {&state_.steps, *found};
  if (const auto found = state_.evaluations.Find(column)) return {&state_.evaluations, *found};
  return {nullptr, 0};
}

RunHistory::RunHistory(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunHistory::RunHistory(RunHistory&&) noexcept = default;
RunHistory& RunHistory::operator=(RunHistory&&) noexcept = default;
RunHistory::~RunHistory() = default;

Result<RunHistory> RunHistory::Open(const std::string& log_path, const HistoryOptions& options) {
  CLLM_ASSIGN(LogFile log, LogFile::Open(log_path));
  RunHistory history(std::make_unique<Impl>(log_path, options, std::move(log)));
  history.impl_->UseIndex();
  return history;
}

Result<RunHistory> RunHistory::OpenNewest(const std::string& log_path, uint64_t bytes) {
  CLLM_ASSIGN(LogFile log, LogFile::Open(log_path));
  RunHistory history(std::make_unique<Impl>(log_path, HistoryOptions{}, std::move(log)));
  history.impl_->ReadNewest(bytes);
  history.ReadMore();
  return history;
}

Growth RunHistory::ReadMore(uint64_t bytes, const LineSink& sink) { return impl_->ReadMore(bytes, sink); }
bool RunHistory::at_end() const { return impl_->log_.at_end(); }
bool RunHistory::whole() const { return impl_->whole_; }
bool RunHistory::gone() const { return impl_->gone_; }
Status RunHistory::SaveIndex() { return impl_->SaveIndex(); }
const std::string& RunHistory::path() const { return impl_->path_; }
uint64_t RunHistory::bytes() const { return impl_->log_.line_offset(); }
LogFaults RunHistory::faults() const { return impl_->Faults(); }
double RunHistory::changed() const { return impl_->log_.changed(); }
const JsonFields& RunHistory::description() const { return impl_->description_; }

std::optional<double> RunHistory::Described(std::string_view name) const {
  for (const JsonField& field : impl_->description_) {
    if (field.name != name) continue;
    const JsonValue::Content& content = field.value.content();
    if (const auto* real = std::get_if<double>(&content)) return *real;
    if (const auto* whole = std::get_if<int64_t>(&content)) return static_cast<double>(*whole);
    if (const auto* natural = std::get_if<uint64_t>(&content)) return static_cast<double>(*natural);
  }
  return std::nullopt;
}

std::string RunHistory::DescribedText(std::string_view name) const {
  for (const JsonField& field : impl_->description_) {
    const auto* text = std::get_if<std::string>(&field.value.content());
    if (field.name == name && text != nullptr) return *text;
  }
  return "";
}

std::vector<std::string> RunHistory::names() const {
  std::vector<std::string> names;
  for (const NumberTable* table : {&impl_->state_.steps, &impl_->state_.evaluations}) {
    if (table->rows() == 0) continue;
    std::copy_if(table->names().begin(), table->names().end(), std::back_inserter(names), IsDrawn);
  }
  return names;
}

bool RunHistory::IsOfEvaluations(std::string_view name) const {
  return impl_->Find(name).first == &impl_->state_.evaluations;
}

uint64_t RunHistory::steps() const { return impl_->state_.steps.rows(); }
uint64_t RunHistory::evaluations() const { return impl_->state_.evaluations.rows(); }

std::optional<double> RunHistory::Last(std::string_view name) const {
  const auto [table, column] = impl_->Find(name);
  for (size_t row = table == nullptr ? 0 : table->rows(); row-- > 0;) {
    if (const double value = table->At(column, row); !IsMissing(value)) return value;
  }
  return std::nullopt;
}

std::optional<double> RunHistory::LastPlace(Axis axis) const {
  const NumberTable& steps = impl_->state_.steps;
  const Places places(steps, axis);
  if (!places.known()) return std::nullopt;
  for (size_t row = steps.rows(); row-- > 0;) {
    if (const double place = places.Of(row); !IsMissing(place)) return place;
  }
  return std::nullopt;
}

double RunHistory::Sum(std::string_view name) const {
  const auto [table, column] = impl_->Find(name);
  double sum = 0;
  for (size_t row = 0; table != nullptr && row < table->rows(); ++row) {
    const double value = table->At(column, row);
    if (value - value == 0) sum += value;
  }
  return sum;
}

std::optional<double> RunHistory::Mean(std::string_view name, uint64_t after, uint64_t upto) const {
  const auto [table, column] = impl_->Find(name);
  if (table == nullptr) return std::nullopt;
  double sum = 0;
  size_t count = 0;
  const size_t end = table->RowsUpTo(upto);
  for (size_t row = table->RowsUpTo(after); row < end; ++row) {
    const double value = table->At(column, row);
    if (value - value == 0) sum += value, ++count;
  }
  return count == 0 ? std::nullopt : std::optional(sum / static_cast<double>(count));
}

std::vector<std::pair<uint64_t, double>> RunHistory::Newest(std::string_view name, size_t count) const {
  std::vector<std::pair<uint64_t, double>> values;
  const auto [table, column] = impl_->Find(name);
  for (size_t row = table == nullptr ? 0 : table->rows(); row-- > 0 && values.size() < count;) {
    if (const double value = table->At(column, row); !IsMissing(value)) values.emplace_back(table->Step(row), value);
  }
  std::reverse(values.begin(), values.end());
  return values;
}

std::vector<LoggedEvaluation> RunHistory::Evaluations() const {
  const NumberTable& table = impl_->state_.evaluations;
  const auto nats = table.Find("val_nats"), bits = table.Find("val_bits_per_byte"), tokens = table.Find("val_tokens");
  const auto whole = table.Find("whole"), best = table.Find("best");
  const auto value = [&table](const std::optional<size_t>& column, size_t row) {
    return column ? table.At(*column, row) : Missing();
  };
  std::vector<LoggedEvaluation> all;
  for (size_t row = 0; row < table.rows(); ++row) {
    const double looked_at = value(tokens, row);
    all.push_back({.step = table.Step(row),
                   .nats = value(nats, row),
                   .bits_per_byte = value(bits, row),
                   .tokens = looked_at >= 0 && looked_at < 0x1p63 ? static_cast<uint64_t>(looked_at) : 0,
                   .whole = value(whole, row) == 1,
                   .best = value(best, row) == 1});
  }
  return all;
}

Envelope RunHistory::Curve(std::string_view name, Axis axis, const Window& window, size_t points,
                           Spacing spacing) const {
  EnvelopeMaker maker(window, points, spacing);
  const auto draw = [&](const NumberTable& table, const auto& value_of) {
    ForEachValue(table, value_of, axis, window, [&maker](double x, double value) { maker.See(x, value); });
    ForEachValue(table, value_of, axis, window, [&maker](double x, double value) { maker.Put(x, value); });
  };
  if (name == NameOf(Axis::kStep)) {
    const Places steps(impl_->state_.steps, Axis::kStep);
    draw(impl_->state_.steps, [&steps](size_t row) { return steps.Of(row); });
  } else if (const auto [table, column] = impl_->Find(name); table != nullptr) {
    draw(*table, [of = table, at = column](size_t row) { return of->At(at, row); });
  }
  return std::move(maker).Finished();
}

void RunHistory::ForEachRow(
    const std::vector<std::string>& names,
    const std::function<void(uint64_t step, double time, const std::vector<double>& values)>& row) const {
  const NumberTable& steps = impl_->state_.steps;
  const NumberTable& evaluations = impl_->state_.evaluations;
  std::vector<std::pair<const NumberTable*, size_t>> columns;
  for (const std::string& name : names) columns.push_back(impl_->Find(name));
  const auto steps_time = steps.Find(kTimeColumn), evaluations_time = evaluations.Find(kTimeColumn);
  std::vector<double> values(names.size());
  for (size_t i = 0, j = 0; i < steps.rows() || j < evaluations.rows();) {
    const uint64_t here = i < steps.rows() ? steps.Step(i) : ~uint64_t{0};
    const uint64_t there = j < evaluations.rows() ? evaluations.Step(j) : ~uint64_t{0};
    const bool of_steps = here <= there, of_evaluations = there <= here;
    for (size_t k = 0; k < columns.size(); ++k) {
      const auto [table, column] = columns[k];
      const bool has = table == &steps ? of_steps : table == &evaluations && of_evaluations;
      values[k] = has ? table->At(column, table == &steps ? i : j) : Missing();
    }
    double time = Missing();
    if (of_steps && steps_time) time = steps.At(*steps_time, i);
    if (IsMissing(time) && of_evaluations && evaluations_time) time = evaluations.At(*evaluations_time, j);
    row(std::min(here, there), IsMissing(time) ? 0 : time, values);
    i += of_steps ? 1 : 0;
    j += of_evaluations ? 1 : 0;
  }
}

std::vector<double> RunHistory::Sessions(Axis axis) const {
  const NumberTable& steps = impl_->state_.steps;
  const Places places(steps, axis);
  std::vector<double> found;
  for (const HistoryEvent& session : impl_->state_.sessions) {
    if (axis == Axis::kStep) {
      found.push_back(static_cast<double>(session.step));
    } else if (axis == Axis::kTime) {
      if (session.time > 0) found.push_back(session.time);
    } else if (places.known()) {
      const size_t before = steps.RowsUpTo(session.step);
      const double place = before == 0 ? 0 : places.Of(before - 1);
      found.push_back(IsMissing(place) ? 0 : place);
    }
  }
  return found;
}

const std::vector<HistoryEvent>& RunHistory::events() const { return impl_->state_.events; }
Result<JsonObject> RunHistory::Record(const HistoryEvent& event) const { return impl_->Record(event); }

std::string RunHistory::Text(const HistoryEvent& event) const {
  const Result<JsonObject> record = impl_->Record(event);
  if (!record.ok()) return "";
  const Result<std::string> text = record->Text("text");
  return text.ok() ? *text : "";
}

std::optional<JsonObject> RunHistory::Spheres() const {
  if (!impl_->state_.spheres) return std::nullopt;
  Result<JsonObject> record = impl_->Record(*impl_->state_.spheres);
  return record.ok() ? std::optional(*std::move(record)) : std::nullopt;
}

std::optional<JsonObject> RunHistory::End() const {
  if (!impl_->state_.end) return std::nullopt;
  Result<JsonObject> record = impl_->Record(*impl_->state_.end);
  return record.ok() ? std::optional(*std::move(record)) : std::nullopt;
}

Result<RunHistory> ReadRunHistory(const std::string& log_path, const HistoryOptions& options) {
  CLLM_ASSIGN(RunHistory history, RunHistory::Open(log_path, options));
  history.ReadMore();
  // Without it the log is read again next time.
  (void)history.SaveIndex().ok();
  return history;
}

}  // namespace cllm
