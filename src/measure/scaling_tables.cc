#include "measure/scaling_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "measure/measure.h"

namespace cllm::measure {
namespace {

using ColumnKind = Column::Kind;

constexpr double kMebibyte = 1 << 20;

Table SpeedTable(const ScalingResult& result) {
  Table table({{"threads", "threads", ColumnKind::kWhole},
               {"cores", "cores", ColumnKind::kWhole},
               {"tokens_per_s", "tokens/s", ColumnKind::kWhole},
               {"speed_up", "speed-up", ColumnKind::kReal, 3},
               {"efficiency", "efficiency", ColumnKind::kShare},
               {"processor_share", "CPU use", ColumnKind::kShare},
               {"step_ms", "step ms", ColumnKind::kReal, 1},
               {"voluntary_switches", "waits a step", ColumnKind::kReal, 0},
               {"involuntary_switches", "put aside a step", ColumnKind::kReal, 0}});
  for (const ScalingArm& arm : result.arms) {
    const double steps = static_cast<double>(result.steps);
    table.Add({arm.threads, arm.cores, TokensPerSecond(result, arm), arm.speed_up, Efficiency(result, arm),
               arm.processor_share(), 1e3 * Median(arm.step_s),
               static_cast<double>(arm.usage.voluntary_switches) / steps,
               static_cast<double>(arm.usage.involuntary_switches) / steps});
  }
  return table;
}

// item_ms is processor time, in which nobody else's work counts.
Table TimeTable(const ScalingResult& result) {
  Table table({{"threads", "threads", ColumnKind::kWhole},
               {"at_once", "at once", ColumnKind::kWhole},
               {"item_ms", "item ms", ColumnKind::kReal, 3},
               {"items_share", "items", ColumnKind::kShare},
               {"accumulation_share", "accumulating", ColumnKind::kShare},
               {"reduction_share", "reduction", ColumnKind::kShare, 2},
               {"update_share", "update", ColumnKind::kShare, 2},
               {"waiting_share", "waiting", ColumnKind::kShare},
               {"between_phases_share", "between phases", ColumnKind::kShare, 2},
               {"steals", "steals", ColumnKind::kWhole},
               {"least_items", "fewest items", ColumnKind::kWhole},
               {"most_items", "most items", ColumnKind::kWhole}});
  for (const ScalingArm& arm : result.arms) {
    const TimeShares shares = SharesOf(arm);
    const auto [least, most] = std::minmax_element(
        arm.leaves.begin(), arm.leaves.end(), [](const auto& a, const auto& b) { return a.items < b.items; });
    const double items = static_cast<double>(arm.sum.items) / static_cast<double>(result.steps);
    table.Add({arm.threads, std::min(arm.threads, arm.permits), 1e3 * Median(arm.rounds.items_s) / items, shares.items,
               shares.accumulation, shares.reduction, shares.update, shares.waiting, shares.between_phases,
               arm.sum.steals, least->items, most->items});
  }
  return table;
}

Table MemoryTable(const ScalingResult& result) {
  Table table({{"threads", "threads", ColumnKind::kWhole},
               {"worker_mib", "a worker MiB", ColumnKind::kReal, 2},
               {"workers_mib", "workers MiB", ColumnKind::kReal, 1},
               {"total_mib", "in total MiB", ColumnKind::kReal, 1},
               {"grown_mib", "process grew MiB", ColumnKind::kReal, 1}});
  for (const ScalingArm& arm : result.arms) {
    const double worker = static_cast<double>(arm.memory.context_per_worker + arm.memory.stack_per_worker) / kMebibyte;
    table.Add({arm.threads, worker, worker * static_cast<double>(arm.threads),
               static_cast<double>(arm.memory.total()) / kMebibyte,
               static_cast<double>(arm.memory_grown) / kMebibyte});
  }
  return table;
}

JsonValue FirstBelow(const LearningResult& learning, double entropy) {
  for (const LearningPoint& point : learning.points) {
    if (point.validation < entropy) return point.step;
  }
  return {};
}

Table CorrectnessTable(const ScalingResult& result) {
  Table table({{"threads", "threads", ColumnKind::kWhole},
               {"loss", "loss", ColumnKind::kReal, 6},
               {"not_finite", "NaN, inf", ColumnKind::kWhole},
               {"weights_xxh3", "weights", ColumnKind::kText},
               {"learned_loss", "learned: loss", ColumnKind::kReal, 6},
               {"learned_validation", "validation", ColumnKind::kReal, 6},
               {"learned_by_step", "below entropy by step", ColumnKind::kWhole},
               {"learned_xxh3", "weights", ColumnKind::kText}});
  for (const ScalingArm& arm : result.arms) {
    JsonArray cells = {arm.threads, arm.loss, arm.not_finite, arm.weights_hash};
    if (arm.learning) {
      const LearningResult& learning = *arm.learning;
      cells.insert(cells.end(), {learning.training_loss, learning.validation_loss(),
                                 FirstBelow(learning, result.entropy), learning.weights_hash});
    } else {
      cells.insert(cells.end(), {JsonValue(), JsonValue(), JsonValue(), JsonValue()});
    }
    table.Add(std::move(cells));
  }
  return table;
}

Table PredictedTable(const ScalingResult& result) {
  Table table({{"threads", "threads", ColumnKind::kWhole},
               {"cores", "cores", ColumnKind::kWhole},
               {"kind", "", ColumnKind::kText},
               {"speed_up", "speed-up", ColumnKind::kReal, 1},
               {"low", "from", ColumnKind::kReal, 1},
               {"high", "to", ColumnKind::kReal, 1},
               {"even_speed_up", "items divided evenly", ColumnKind::kReal, 1},
               {"measured", "measured", ColumnKind::kReal, 2}});
  for (const ScalingPrediction& one : result.predictions) {
    JsonValue measured;
    for (const ScalingArm& arm : result.arms) {
      if (arm.threads == one.threads && one.cores <= result.cores) measured = arm.speed_up;
    }
    table.Add({one.threads, one.cores, "predicted", one.speed_up, one.interval.low, one.interval.high,
               one.even_speed_up, measured});
  }
  return table;
}

Table ChecksTable(const ScalingResult& result) {
  Table table({{"threads", "threads", ColumnKind::kWhole},
               {"from", "predicted from threads", ColumnKind::kText},
               {"predicted", "predicted", ColumnKind::kReal, 3},
               {"measured", "measured", ColumnKind::kReal, 3},
               {"error", "error", ColumnKind::kShare}});
  for (const ScalingCheck& check : result.checks) {
    table.Add({check.threads, fmt::format("{}", fmt::join(check.from, ", ")), check.predicted, check.measured,
               check.error()});
  }
  return table;
}

JsonArray SphereRows(const std::vector<SphereTimes>& spheres, double wall_s) {
  JsonArray rows;
  for (const SphereTimes& sphere : spheres) {
    const double time = wall_s * static_cast<double>(sphere.leaves);
    rows.push_back(JsonFields{{"first_leaf", sphere.first_leaf},
                              {"leaves", sphere.leaves},
                              {"items", sphere.items},
                              {"steals", sphere.steals},
                              {"items_share", sphere.items_s / time},
                              {"accumulation_share", sphere.accumulation_s / time},
                              {"reduction_share", sphere.reduction_s / time},
                              {"update_share", sphere.update_s / time},
                              {"waiting_share", 1 - sphere.busy_s() / time}});
  }
  return rows;
}

JsonArray Spheres(const ScalingResult& result) {
  JsonArray arms;
  for (const ScalingArm& arm : result.arms) {
    arms.push_back(JsonFields{{"threads", arm.threads},
                              {"leaves", SphereRows(arm.leaves, arm.wall_s())},
                              {"groups", SphereRows(arm.groups, arm.wall_s())}});
  }
  return arms;
}

JsonValue ModelFields(const ScalingResult& result) {
  if (result.model_arms.empty()) return {};
  const StepModel& model = result.model;
  return JsonFields{{"from_threads", JsonArray(result.model_arms.begin(), result.model_arms.end())},
                    {"item_ms", 1e3 * model.item_s},
                    {"item_slowdown", model.item_slowdown},
                    {"other_ms", 1e3 * model.other_s},
                    {"other_slowdown", model.other_slowdown},
                    {"serial_ms", 1e3 * model.serial_s},
                    {"barrier_us", 1e6 * model.barrier_s},
                    {"hop_us", 1e6 * model.hop_s},
                    {"bandwidth_gb_per_s", 1e-9 * model.bandwidth},
                    {"bandwidth_slowdown", model.bandwidth_slowdown}};
}

std::vector<std::string> ModelNotes(const ScalingResult& result) {
  if (result.model_arms.empty()) {
    return {
        fmt::format("no prediction: it needs two arms with a core for each thread, the machine has {}", result.cores)};
  }
  std::vector<std::string> notes;
  const StepModel& model = result.model;
  notes.push_back(fmt::format(
      "the model of a step: {} items of {:.2f} ms (each further thread slows them down by {:.2f} %), other work {:.2f} "
      "ms "
      "({:.1f} %), serial {:.3f} ms, barriers {:.1f} us and {:.2f} us a hop, memory {:.1f} GB/s a thread ({:.1f} %)",
      model.items, 1e3 * model.item_s, 100 * model.item_slowdown, 1e3 * model.other_s, 100 * model.other_slowdown,
      1e3 * model.serial_s, 1e6 * model.barrier_s, 1e6 * model.hop_s, 1e-9 * model.bandwidth,
      100 * model.bandwidth_slowdown));
  notes.push_back(fmt::format(
      "only the arms with a core for each thread inform it: {} of {} cores; more threads than cores say nothing about "
      "more cores, and neither does the model know the caches and the memory of a larger machine",
      fmt::join(result.model_arms, ", "), result.cores));
  if (std::string hope = HopeNote(result); !hope.empty()) notes.push_back(std::move(hope));
  return notes;
}

}  // namespace

TimeShares SharesOf(const ScalingArm& arm) {
  const double wall = arm.wall_s();
  const double time = wall * static_cast<double>(std::min(arm.threads, arm.permits));
  double serial = 0;
  for (const double seconds : arm.rounds.serial_s) serial += seconds;
  TimeShares shares{.items = arm.sum.items_s / time,
                    .accumulation = arm.sum.accumulation_s / time,
                    .reduction = arm.sum.reduction_s / time,
                    .update = arm.sum.update_s / time,
                    .between_phases = serial / wall};
  shares.waiting = std::max(0.0, 1 - arm.sum.busy_s() / time - shares.between_phases);
  return shares;
}

double TokensPerSecond(const ScalingResult& result, const ScalingArm& arm) {
  return static_cast<double>(result.tokens_per_step) / Median(arm.step_s);
}

double Efficiency(const ScalingResult& result, const ScalingArm& arm) {
  return arm.speed_up * static_cast<double>(result.arms.front().cores) / static_cast<double>(arm.cores);
}

std::string HopeNote(const ScalingResult& result) {
  for (const ScalingPrediction& one : result.predictions) {
    if (one.threads != 63) continue;
    return fmt::format(
        "predicted: 63 threads on {} cores {:.1f} times one thread ({:.1f} to {:.1f} by the noise of the rounds); {} "
        "items go out in {} rounds of 63, divided evenly it would be {:.1f}; the seed hoped for {:.0f} to {:.0f}",
        one.cores, one.speed_up, one.interval.low, one.interval.high, result.model.items,
        (result.model.items + 62) / 63, one.even_speed_up, kHopedLow, kHopedHigh);
  }
  return {};
}

Findings ScalingFindings(const ScalingResult& result) {
  Findings findings{.table = SpeedTable(result)};
  findings.others = {{"time", "Where the time of the threads that work at once goes", TimeTable(result)},
                     {"memory", "Memory", MemoryTable(result)},
                     {"correctness", "The same training on every number of threads", CorrectnessTable(result)},
                     {"predicted", "Predicted by the model of a step", PredictedTable(result)},
                     {"checks", "The model against arms that it did not see", ChecksTable(result)}};
  findings.facts = {{"weights_xxh3", result.arms.front().weights_hash},
                    {"config", result.configuration.name},
                    {"context", result.configuration.model.context},
                    {"batch", result.configuration.batch},
                    {"item", result.item},
                    {"steps", result.steps},
                    {"entropy", result.entropy},
                    {"failures", JsonArray(result.failures.begin(), result.failures.end())},
                    {"model", ModelFields(result)},
                    {"spheres", Spheres(result)}};
  findings.notes = {
      fmt::format("configuration {} with context {}, {} sequences a step in items of {}, median of {} steps",
                  result.configuration.name, result.configuration.model.context, result.configuration.batch,
                  result.item, result.steps)};
  if (result.arms.front().learning) {
    findings.notes.push_back(fmt::format(
        "learned: a small model on a text whose bytes alone have {:.4f} nats each; validation on its last tenth",
        result.entropy));
  }
  for (std::string& note : ModelNotes(result)) findings.notes.push_back(std::move(note));
  if (result.failures.empty()) {
    findings.notes.push_back(fmt::format("final weights, the same for all: XXH3 {}", result.arms.front().weights_hash));
  }
  for (const std::string& failure : result.failures) findings.notes.push_back("FAILED: " + failure);
  return findings;
}

}  // namespace cllm::measure
