#include "serve/dashboard/sphere_answers.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "train/run_log.h"

namespace cllm {
namespace {

// The values of a record's array, by leaf.
std::vector<JsonValue> ArrayIn(const JsonObject& record, const char* name) {
  const Result<JsonArray> values = record.Array(name);
  return values.ok() ? *values : JsonArray();
}

constexpr const char* kLeafFields[] = {"items", "steals", "tokens", "bytes", "busy_s", "waiting_s", "accumulation_s"};

}  // namespace

JsonFields SphereFieldsOf(const JsonObject& record) {
  std::vector<JsonFields> rows(ArrayIn(record, "items").size());
  for (const char* name : kLeafFields) {
    const std::vector<JsonValue> values = ArrayIn(record, name);
    for (size_t i = 0; i < std::min(rows.size(), values.size()); ++i) rows[i].push_back({name, values[i]});
  }
  JsonArray leaves;
  for (JsonFields& row : rows) leaves.emplace_back(std::move(row));
  const auto number = [&](const char* name) {
    const JsonValue* value = record.Find(name);
    return value == nullptr ? JsonValue() : *value;
  };
  return {{"known", true},
          {"step", number("step")},
          {"leaves", std::move(leaves)},
          {"groups", ArrayIn(record, "groups")},
          {"permits", number("permits")},
          {"seconds", JsonValue()}};
}

JsonFields SphereFieldsOf(const LiveRun::State& state) {
  JsonArray leaves;
  for (const LeafStatistics& leaf : state.spheres.leaves) {
    leaves.push_back(JsonFields{{"items", leaf.items},
                                {"steals", leaf.steals},
                                {"tokens", leaf.tokens},
                                {"bytes", leaf.bytes},
                                {"busy_s", leaf.busy_s},
                                {"waiting_s", leaf.waiting_s},
                                {"accumulation_s", leaf.accumulation_s}});
  }
  return {{"known", !state.spheres.leaves.empty()},
          {"step", state.step},
          {"leaves", std::move(leaves)},
          {"groups", GroupRecords(state.spheres)},
          {"permits", state.spheres.permits},
          {"seconds", state.elapsed_s}};
}

}  // namespace cllm
