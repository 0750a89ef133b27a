#include "serve/dashboard/run_answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/shell_word.h"
#include "base/system.h"
#include "history/run_facts.h"
#include "run/checkpoint_records.h"
#include "run/run_config.h"
#include "run/run_options.h"
#include "serve/dashboard/json_numbers.h"
#include "serve/dashboard/sphere_answers.h"

namespace cllm {
namespace {

constexpr size_t kMostEvents = 500;      // that are told, the newest
constexpr double kStepsOfMeans = 100;    // the newest, that "parts" are means of
constexpr size_t kPointsOfMeans = 200;

JsonValue NumberOrNull(const std::optional<double>& value) { return value ? NumberOrName(*value) : JsonValue(); }

std::optional<double> NumberIn(const std::optional<JsonObject>& record, const char* name) {
  if (!record) return std::nullopt;
  const Result<double> value = record->Real(name);
  return value.ok() ? std::optional(*value) : std::nullopt;
}

// 0 where the record has no count of that name: a log may say anything.
uint64_t CountIn(const std::optional<JsonObject>& record, const char* name) {
  const std::optional<double> value = NumberIn(record, name);
  return value && *value >= 0 && *value < 0x1p63 ? static_cast<uint64_t>(*value) : 0;
}

bool IsRunning(const ShownRun& run) { return run.record().condition == RunCondition::kRunning; }

// What the last step of the log says is newer than the newest checkpoint while a run trains.
struct LastStep {
  explicit LastStep(const ShownRun& run)
      : record(run.outline().LastStep()), step(CountIn(record, "step")), tokens(CountIn(record, "tokens")) {}
  std::optional<JsonObject> record;
  uint64_t step, tokens;
};

void AppendScore(const RunRecord& record, JsonFields& fields) {
  const auto& score = record.score;
  fields.push_back({"nats", score ? NumberOrName(score->nats) : JsonValue()});
  fields.push_back({"bits_per_byte", score ? NumberOrName(score->bits_per_byte) : JsonValue()});
  fields.push_back({"best_step", score ? JsonValue(score->step) : JsonValue()});
  fields.push_back({"whole", score ? score->whole : false});
}

JsonFields ConfigurationFields(const RunRecord& record) {
  JsonFields fields;
  const RunChoices choices = AsNamedHere(record.choices);
  for (const OptionSpec& option : RunOptions()) {
    const std::vector<std::string> values = option.get(choices);
    if (!values.empty()) fields.push_back({std::string(option.name), fmt::format("{}", fmt::join(values, ", "))});
  }
  return fields;
}

JsonFields CommandFields(const ShownRun& run, const std::string& program) {
  const std::string name = QuotedForShell(program), path = QuotedForShell(run.path());
  return {{"repeat",
           fmt::format("{} train --config {} --out ANOTHER", name, QuotedForShell(RunPaths{run.path()}.config()))},
          {"resume", fmt::format("{} resume {}", name, path)},
          {"generate", fmt::format("{} generate {} -p \"Once\"", name, path)},
          {"report", fmt::format("{} report {}", name, path)}};
}

JsonArray CheckpointArray(const ShownRun& run) {
  JsonArray array;
  for (const CheckpointRecord& each : ListCheckpoints(run.path())) {
    array.push_back(JsonFields{{"step", each.step},
                               {"path", each.path},
                               {"bytes", each.bytes},
                               {"valid", each.valid},
                               {"best", each.best},
                               {"reason", each.reason}});
  }
  return array;
}

JsonValue TimeOf(const HistoryEvent& event) { return event.time > 0 ? JsonValue(event.time) : JsonValue(); }

// Sessions and events, of which samples have an answer of their own.
void AppendEvents(const RunHistory& history, JsonFields& fields) {
  JsonArray sessions, events;
  size_t told = 0;
  for (const HistoryEvent& event : history.events()) told += event.kind != HistoryEventKind::kSample;
  size_t before = told > kMostEvents ? told - kMostEvents : 0;
  for (const HistoryEvent& event : history.events()) {
    if (event.kind == HistoryEventKind::kStart || event.kind == HistoryEventKind::kResume) {
      sessions.push_back(JsonFields{{"step", event.step}, {"time", TimeOf(event)}});
    }
    if (event.kind == HistoryEventKind::kSample) continue;
    if (before > 0) {
      --before;
      continue;
    }
    events.push_back(JsonFields{
        {"step", event.step}, {"kind", NameOf(event.kind)}, {"text", history.Text(event)}, {"time", TimeOf(event)}});
  }
  fields.push_back({"sessions", std::move(sessions)});
  fields.push_back({"events", std::move(events)});
}

double MeanOfLast(const RunHistory& history, const char* name) {
  const double last = history.LastPlace(Axis::kStep).value_or(0);
  const Envelope curve =
      history.Curve(name, Axis::kStep, {.from = last - kStepsOfMeans + 1, .to = last}, kPointsOfMeans);
  if (curve.last.empty()) return 0;
  double sum = 0;
  for (const double value : curve.last) sum += value;
  return sum / static_cast<double>(curve.last.size());
}

JsonFields PartFields(const RunHistory& history, const RunFacts& facts) {
  JsonFields fields;
  for (const char* name : {"items_s", "reduce_s", "update_s", "pack_s"}) {
    fields.push_back({name, NumberOrName(MeanOfLast(history, name))});
  }
  const double steps = static_cast<double>(std::max<uint64_t>(history.steps(), 1));
  fields.push_back({"eval_s", NumberOrName(facts.parts.other_s / steps)});
  return fields;
}

JsonArray AlertArray(const RunFacts& facts) {
  JsonArray array;
  for (const RunAlert& alert : facts.alerts) {
    array.push_back(JsonFields{{"kind", alert.kind}, {"step", alert.step}, {"text", alert.text}});
  }
  return array;
}

JsonFields FactFields(const RunFacts& facts) {
  return {{"learning", NameOf(facts.learning)},
          {"learning_text", facts.learning_text},
          {"memorising_text", facts.memorising_text},
          {"limits_text", facts.limits_text},
          {"end_text", facts.end_text},
          {"generalisation_gap", NumberOrNull(facts.generalisation_gap)},
          {"stale_s", NumberOrName(facts.stale_s)}};
}

// Of the process that writes the run, where it is one of this machine.
JsonFields MemoryFields(const ShownRun& run, const RunHistory* history) {
  JsonValue resident, peak;
  const auto& owner = run.owner();
  if (owner && owner->process > 0 && owner->host == HostName()) {
    const ProcessMemory memory = ReadProcessMemoryOf(owner->process);
    if (memory.resident > 0) resident = memory.resident;
    if (memory.peak_resident > 0) peak = memory.peak_resident;
  } else if (history != nullptr) {
    if (const auto end = history->End()) {
      if (const auto bytes = NumberIn(end, "peak_resident_bytes"); bytes && *bytes > 0) peak = *bytes;
    }
  }
  return {{"resident_bytes", resident}, {"peak_bytes", peak}, {"planned_bytes", JsonValue()}};
}

// What the log says.
void AppendHistory(const RunHistory& history, const ShownRun& run, const RunAnswerContext& context,
                   JsonFields& fields) {
  const RunFacts facts = FactsOf(history, context.now, IsRunning(run));
  fields.push_back({"description", history.description()});
  AppendEvents(history, fields);
  fields.push_back({"alerts", AlertArray(facts)});
  fields.push_back({"facts", FactFields(facts)});
  fields.push_back({"limits", JsonFields{{"text", facts.limits_text}}});
  const auto vocabulary = history.Described("vocabulary");
  fields.push_back({"uniform_nats", vocabulary && *vocabulary > 0 ? JsonValue(math::Log(*vocabulary)) : JsonValue()});
  fields.push_back({"parts", PartFields(history, facts)});
  JsonArray names;
  for (const std::string& name : history.names()) {
    names.push_back(JsonFields{{"name", name}, {"of_evaluations", history.IsOfEvaluations(name)}});
  }
  fields.push_back({"names", std::move(names)});
  const LogFaults& faults = history.faults();
  fields.push_back({"log", JsonFields{{"whole", history.whole()},
                                      {"bytes", history.bytes()},
                                      {"steps", history.steps()},
                                      {"foreign_lines", faults.foreign_lines},
                                      {"long_lines", faults.long_lines},
                                      {"newest_format", faults.newest_format}}});
}

void AppendNoHistory(JsonFields& fields) {
  for (const char* name : {"description", "parts", "facts"}) fields.push_back({name, JsonFields{}});
  for (const char* name : {"sessions", "events", "alerts", "names"}) fields.push_back({name, JsonArray{}});
  fields.push_back({"limits", JsonFields{{"text", ""}}});
  fields.push_back({"uniform_nats", JsonValue()});
  fields.push_back({"log", JsonValue()});
}

}  // namespace

JsonFields SummaryFields(const ShownRun& run, const RunAnswerContext& context) {
  const RunRecord& record = run.record();
  const LastStep last(run);
  const bool running = IsRunning(run);
  JsonFields fields = {{"id", run.id()},
                       {"name", run.name()},
                       {"path", run.path()},
                       {"state", NameOf(record.condition)},
                       {"reason", record.reason},
                       {"text", record.Text()},
                       {"parameters", record.parameters},
                       {"tokenizer", record.tokenizer},
                       {"step", running ? std::max(last.step, record.step) : record.step},
                       {"steps", record.time_left_s ? JsonValue() : JsonValue(record.planned)},
                       {"tokens", running ? std::max(last.tokens, record.tokens) : record.tokens}};
  AppendScore(record, fields);
  const auto elapsed = NumberIn(last.record, "elapsed_s");
  const JsonFields rest = {
      {"loss", NumberOrNull(NumberIn(last.record, "loss"))},
      {"tokens_per_second", NumberOrNull(NumberIn(last.record, "tok_s"))},
      {"seconds", NumberOrName(std::max(elapsed.value_or(0), record.seconds))},
      {"eta_s", running ? NumberOrNull(NumberIn(last.record, "eta_s")) : JsonValue()},
      {"changed", std::max(run.log_changed(), static_cast<double>(record.changed))},
      {"now", context.now},
      {"disk_bytes", record.disk_bytes},
      {"live", context.live != nullptr}};
  fields.insert(fields.end(), rest.begin(), rest.end());
  return fields;
}

JsonFields DetailFields(ShownRun& run, const RunAnswerContext& context) {
  JsonFields fields = SummaryFields(run, context);
  fields.push_back({"config", ConfigurationFields(run.record())});
  fields.push_back({"commands", CommandFields(run, context.program)});
  fields.push_back({"checkpoints", CheckpointArray(run)});
  fields.push_back({"clip", run.record().choices.clip});
  FollowedHistory* const history = run.History();
  if (history != nullptr) {
    history->With([&](const RunHistory& known) {
      AppendHistory(known, run, context, fields);
      fields.push_back({"memory", MemoryFields(run, &known)});
      return true;
    });
  } else {
    AppendNoHistory(fields);
    fields.push_back({"memory", MemoryFields(run, nullptr)});
  }
  fields.push_back({"controls", JsonArray(context.controls.begin(), context.controls.end())});
  return fields;
}

JsonFields SphereFields(ShownRun& run, const LiveRun* live) {
  if (live != nullptr) {
    if (const LiveRun::State state = live->state(); !state.spheres.leaves.empty()) return SphereFieldsOf(state);
  }
  std::optional<JsonObject> record;
  if (FollowedHistory* const history = run.History()) {
    record = history->With([](const RunHistory& known) { return known.Spheres(); });
  }
  if (record) return SphereFieldsOf(*record);
  return SphereFieldsOf(LiveRun::State{});
}

}  // namespace cllm
