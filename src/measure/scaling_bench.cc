#include "measure/scaling_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/system.h"
#include "measure/measure.h"
#include "measure/measured_run.h"

namespace cllm::measure {
namespace {

struct Arm {
  size_t threads;
  std::unique_ptr<MeasuredRun> run;
  std::vector<double> step_s;
};

Result<std::vector<Arm>> MakeArms(const ScalingOptions& options, const StepOptions& step) {
  size_t bytes = 0;
  for (const size_t threads : options.threads) bytes += MeasuredRun::Bytes(options.configuration, step, threads);
  CLLM_TRY(CheckMemory(bytes));
  std::vector<Arm> arms;
  for (const size_t threads : options.threads) {
    CLLM_ASSIGN(auto run, MeasuredRun::Create(options.configuration, step, threads));
    arms.push_back({threads, std::move(run), {}});
  }
  return arms;
}

Status RunSteps(const ScalingOptions& options, std::vector<Arm>& arms) {
  for (size_t step = 0; step <= options.steps; ++step) {
    for (Arm& arm : arms) {
      const double begin = MonotonicSeconds();
      CLLM_TRY(arm.run->Step());
      if (step > 0) arm.step_s.push_back(MonotonicSeconds() - begin);
    }
  }
  return {};
}

// Every arm's weights are those of the first.
Result<std::string> SameHash(std::vector<Arm>& arms) {
  const std::string hash = WeightHash(arms.front().run->step().parameters());
  for (Arm& arm : arms) {
    const std::string other = WeightHash(arm.run->step().parameters());
    if (other == hash) continue;
    return Failed(fmt::format("the final weights differ: {} on {} threads, {} on {}", hash, arms.front().threads, other,
                              arm.threads));
  }
  return hash;
}

void AddRow(Arm& arm, double first_rate, Table& table) {
  const SphereStatistics statistics = arm.run->spheres().Statistics();
  uint64_t steals = 0, idle = 0;
  double busy = 0, accumulation = 0, waiting = 0;
  for (const LeafStatistics& leaf : statistics.leaves) {
    steals += leaf.steals;
    idle += leaf.tokens == 0;
    busy += leaf.busy_s;
    accumulation += leaf.accumulation_s;
    waiting += leaf.waiting_s;
  }
  const double rate = static_cast<double>(arm.run->tokens_per_step()) / Median(arm.step_s);
  table.Add({arm.threads, statistics.permits, rate, rate / first_rate, 1e3 * Median(arm.step_s),
             busy / (busy + waiting), accumulation / busy, steals, idle});
}

}  // namespace

Result<Findings> BenchScaling(const ScalingOptions& options) {
  CLLM_ASSIGN(const StepOptions step,
              StepOf(options.configuration, {options.precision, options.optimizer, options.item}));
  CLLM_ASSIGN(std::vector<Arm> arms, MakeArms(options, step));
  CLLM_TRY(RunSteps(options, arms));
  CLLM_ASSIGN(const std::string hash, SameHash(arms));
  using Kind = Column::Kind;
  Findings findings{.table = Table({{"threads", "threads", Kind::kWhole},
                                    {"permits", "permits", Kind::kWhole},
                                    {"tokens_per_s", "tokens/s", Kind::kWhole},
                                    {"speed_up", "speed-up", Kind::kReal, 3},
                                    {"step_ms", "step ms", Kind::kReal, 2},
                                    {"busy_share", "busy", Kind::kShare},
                                    {"accumulation_share", "accumulating", Kind::kShare},
                                    {"steals", "steals", Kind::kWhole},
                                    {"idle_leaves", "idle leaves", Kind::kWhole}}),
                    .facts = {{"weights_xxh3", hash},
                              {"config", options.configuration.name},
                              {"batch", options.configuration.batch},
                              {"item", step.item},
                              {"steps", options.steps}}};
  const double first = static_cast<double>(arms.front().run->tokens_per_step()) / Median(arms.front().step_s);
  for (Arm& arm : arms) AddRow(arm, first, findings.table);
  findings.notes.push_back(fmt::format("final weights, the same for all: XXH3 {}", hash));
  findings.notes.push_back(fmt::format("configuration {}, {} sequences a step in items of {}, median of {} steps",
                                       options.configuration.name, options.configuration.batch, step.item,
                                       options.steps));
  return findings;
}

}  // namespace cllm::measure
