#include "history/history_state.h"

#include <algorithm>
#include <array>
#include <string>
#include <variant>

#include "store/json.h"

namespace cllm {
namespace {

constexpr double kMaxStep = 0x1p53;  // whole numbers are exact up to here
constexpr std::array<std::string_view, 4> kPhases = {"items_s", "reduce_s", "update_s", "pack_s"};

using Kind = ScannedField::Kind;

// Zero for what is not finite: subtraction finds both NaN and infinity.
double FiniteOr0(double value) { return value - value == 0 ? value : 0; }

bool IsVoidable(HistoryEventKind kind) {
  return kind == HistoryEventKind::kSample || kind == HistoryEventKind::kCheckpoint ||
         kind == HistoryEventKind::kSkippedSave || kind == HistoryEventKind::kEnd;
}

// The name of an evaluation's field beside those of steps.
std::string_view NameInEvaluations(std::string_view name) {
  if (name == "bits_per_byte") return "val_bits_per_byte";
  if (name == "tokens") return "val_tokens";
  return name;
}

// A parsed value as a field, whose texts lie in the value.
ScannedField FieldOf(const JsonField& field) {
  ScannedField scanned{.name = field.name};
  const JsonValue::Content& content = field.value.content();
  if (const auto* truth = std::get_if<bool>(&content)) {
    scanned.kind = *truth ? Kind::kTrue : Kind::kFalse;
    scanned.number = *truth ? 1 : 0;
  } else if (const auto* text = std::get_if<std::string>(&content)) {
    scanned.kind = Kind::kText;
    scanned.text = *text;
  } else if (const auto* real = std::get_if<double>(&content)) {
    scanned.kind = Kind::kNumber, scanned.number = *real;
  } else if (const auto* whole = std::get_if<int64_t>(&content)) {
    scanned.kind = Kind::kNumber, scanned.number = static_cast<double>(*whole);
  } else if (const auto* natural = std::get_if<uint64_t>(&content)) {
    scanned.kind = Kind::kNumber, scanned.number = static_cast<double>(*natural);
  }
  return scanned;
}

}  // namespace

struct RecordTaker::Line {
  const std::vector<ScannedField>& fields;
  uint64_t offset = 0, bytes = 0;

  const ScannedField* Find(std::string_view name) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [name](const ScannedField& field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
  }
  // A number that is finite, else 0.
  double Number(std::string_view name) const {
    const ScannedField* field = Find(name);
    return field != nullptr && field->kind == Kind::kNumber ? FiniteOr0(field->number) : 0;
  }
  std::string_view Text(std::string_view name) const {
    const ScannedField* field = Find(name);
    return field != nullptr && field->kind == Kind::kText ? field->text : std::string_view();
  }
  bool has(std::string_view name) const { return Find(name) != nullptr; }
};

RecordTaker::RecordTaker(HistoryState& state) : state_(state) {
  // Before those of the records, of which there may be more than have room.
  for (const char* name : {kTokensColumn, kSecondsColumn, kTimeColumn, kWallColumn}) {
    state_.steps.ColumnFor(name);
    state_.evaluations.ColumnFor(name);
  }
}

bool RecordTaker::Take(std::string_view line, uint64_t offset) {
  if (line.find_first_not_of(" \t\r") == line.npos) return false;
  // What the spheres did is long, comes often, and is looked at when it is asked for.
  if (line.starts_with("{\"event\":\"spheres\",")) {
    state_.spheres = HistoryEvent{.offset = offset, .bytes = line.size()};
    return true;
  }
  const bool taken = ScanRecord(line, fields_) ? TakeRecord({.fields = fields_, .offset = offset, .bytes = line.size()})
                                               : TakeParsed(line, offset);
  if (!taken) ++state_.faults.foreign_lines;
  return taken;
}

bool RecordTaker::TakeParsed(std::string_view text, uint64_t offset) {
  const Result<JsonObject> object = JsonObject::Parse(text, "log.jsonl");
  if (!object.ok()) return false;
  std::vector<ScannedField> fields;
  for (const JsonField& field : object->fields()) fields.push_back(FieldOf(field));
  return TakeRecord({.fields = fields, .offset = offset, .bytes = text.size()});
}

bool RecordTaker::TakeRecord(const Line& line) {
  const ScannedField* field = line.Find("step");
  const double number = field != nullptr && field->kind == Kind::kNumber ? field->number : -1;
  if (!(number >= 0 && number <= kMaxStep)) return false;
  const auto step = static_cast<uint64_t>(number);
  if (static_cast<double>(step) != number) return false;
  const std::string_view kind = line.Text("event");
  if (kind.empty() || kind == "step" || kind == "skipped_step") {
    if (line.fields.size() < 2) return false;
    TakeStep(step, line);
  } else if (kind == "eval") {
    TakeEvaluation(step, line);
  } else if (kind == "spheres") {
    state_.spheres = HistoryEvent{.step = step, .offset = line.offset, .bytes = line.bytes};
  } else if (const auto event = EventKindNamed(kind)) {
    TakeEvent(*event, step, line);
  } else {
    return kind == "pace";
  }
  return true;
}

void RecordTaker::LetTimePass(double time) {
  if (time <= 0) return;
  if (state_.last_time > 0 && time > state_.last_time) state_.wall_s += time - state_.last_time;
  state_.last_time = std::max(time, state_.last_time);
}

void RecordTaker::SetFields(NumberTable& table, const Line& line, bool of_evaluation) {
  const ScannedField* mark = line.Find("nan");
  const bool has_nan = mark != nullptr && mark->kind == Kind::kTrue;
  for (size_t i = 0; i < line.fields.size(); ++i) {
    const ScannedField& field = line.fields[i];
    const bool null = field.kind == Kind::kNull && has_nan;
    if (!null && (field.kind == Kind::kText || field.kind == Kind::kNull)) continue;
    const std::string_view name = of_evaluation ? NameInEvaluations(field.name) : field.name;
    if (name == "step" || name == "nan" || name == "time" || name == "elapsed_s" || name.starts_with('@')) continue;
    if (const auto column = table.ColumnFor(name, i)) {
      table.Set(*column, null ? std::numeric_limits<double>::quiet_NaN() : field.number);
    } else {
      ++state_.faults.dropped_values;
    }
  }
}

void RecordTaker::TakeStep(uint64_t step, const Line& line) {
  state_.steps.Begin(step);
  SetFields(state_.steps, line, false);
  LetTimePass(line.Number("time"));
  PlaceStep(line);
}

void RecordTaker::PlaceStep(const Line& line) {
  NumberTable& table = state_.steps;
  const size_t seconds_column = *table.ColumnFor(kSecondsColumn), time_column = *table.ColumnFor(kTimeColumn);
  const size_t wall_column = *table.ColumnFor(kWallColumn);
  double before = table.rows() < 2 ? 0 : table.At(seconds_column, table.rows() - 2);
  if (IsMissing(before)) before = 0;
  double seconds = before;
  if (line.has("elapsed_s")) {
    seconds = line.Number("elapsed_s");
  } else {
    for (const std::string_view phase : kPhases) seconds += std::max(0.0, line.Number(phase));
  }
  table.Set(seconds_column, std::max(seconds, before));
  if (const double time = line.Number("time"); time > 0) table.Set(time_column, time);
  table.Set(wall_column, state_.wall_s);
}

void RecordTaker::TakeEvaluation(uint64_t step, const Line& line) {
  state_.evaluations.Begin(step);
  SetFields(state_.evaluations, line, true);
  const double time = line.Number("time");
  LetTimePass(time);
  PlaceEvaluation(step, time);
}

void RecordTaker::PlaceEvaluation(uint64_t step, double time) {
  NumberTable& table = state_.evaluations;
  const NumberTable& steps = state_.steps;
  const size_t tokens_column = *table.ColumnFor(kTokensColumn), seconds_column = *table.ColumnFor(kSecondsColumn);
  const size_t time_column = *table.ColumnFor(kTimeColumn);
  const size_t before = steps.rows() == 0                      ? 0
                        : steps.Step(steps.rows() - 1) <= step ? steps.rows()
                        : steps.sorted()                       ? steps.RowsUpTo(step)
                                                               : 0;
  const auto place = [&](const char* name) {
    const auto column = steps.Find(name);
    if (before == 0 || !column) return 0.0;
    const double value = steps.At(*column, before - 1);
    return IsMissing(value) ? 0.0 : value;
  };
  table.Set(tokens_column, place(kTokensColumn));
  table.Set(seconds_column, place(kSecondsColumn));
  if (time > 0) table.Set(time_column, time);
}

void RecordTaker::TakeEvent(HistoryEventKind kind, uint64_t step, const Line& line) {
  const double time = line.Number("time");
  const HistoryEvent event{.kind = kind, .step = step, .time = time, .offset = line.offset, .bytes = line.bytes};
  const bool begins = kind == HistoryEventKind::kStart || kind == HistoryEventKind::kResume;
  if (begins || kind == HistoryEventKind::kRollback) Void(step);
  if (begins) {
    state_.last_time = 0;
    state_.end.reset();
    state_.sessions.push_back(event);
    state_.faults.newest_format =
        std::max(state_.faults.newest_format, static_cast<uint64_t>(std::clamp(line.Number("format"), 0.0, 1e9)));
  }
  LetTimePass(time);
  if (kind == HistoryEventKind::kEnd) state_.end = event;
  state_.events.push_back(event);
  if (IsVoidable(kind)) latest_voidable_ = std::max(latest_voidable_, step);
}

void RecordTaker::Void(uint64_t later_than) {
  state_.steps.CutAfter(later_than);
  state_.evaluations.CutAfter(later_than);
  if (latest_voidable_ > later_than) {
    std::erase_if(state_.events, [later_than](const HistoryEvent& event) {
      return IsVoidable(event.kind) && event.step > later_than;
    });
    latest_voidable_ = later_than;
  }
  // Time that was spent on what is void is not counted.
  const NumberTable& steps = state_.steps;
  const auto wall = steps.Find(kWallColumn);
  const double kept = wall && steps.rows() != 0 ? steps.At(*wall, steps.rows() - 1) : 0;
  state_.wall_s = IsMissing(kept) ? 0 : kept;
}

}  // namespace cllm
