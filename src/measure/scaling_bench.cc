#include "measure/scaling_bench.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/system.h"
#include "measure/machine_rates.h"
#include "measure/measure.h"
#include "measure/measured_run.h"
#include "measure/scaling_model.h"

namespace cllm::measure {
namespace {

// An arm at work.
struct Trained {
  ScalingArm figures;
  std::unique_ptr<MeasuredRun> run = {};
  std::unique_ptr<PhaseTimes> times = {};
};

Status CheckThreads(const ScalingOptions& options, size_t items) {
  std::vector<size_t> sorted = options.threads;
  std::sort(sorted.begin(), sorted.end());
  if (sorted.empty()) return Usage("--threads is empty, expected numbers such as 1,2,4");
  if (const auto twice = std::adjacent_find(sorted.begin(), sorted.end()); twice != sorted.end()) {
    return Usage(fmt::format("--threads names {} twice", *twice));
  }
  if (sorted.back() <= items) return {};
  return Usage(
      fmt::format("--threads names {}, but a step has {} items, so some threads would have nothing to do; name a "
                  "larger --batch",
                  sorted.back(), items));
}

Status CheckArmsMemory(const ScalingOptions& options, const StepOptions& step) {
  size_t bytes = 0;
  for (const size_t threads : options.threads) {
    bytes += MeasuredRun::Memory(options.configuration, step, threads).total();
  }
  return CheckMemory(std::max(bytes, kJointReadBytes));  // the arms are gone when the memory is measured
}

// One step goes before those that are measured: it touches the arm's memory.
Result<Trained> MakeArm(const ScalingOptions& options, const StepOptions& step, size_t threads, size_t cores) {
  const uint64_t resident = ReadProcessMemory().resident;
  Trained arm{.figures = {.threads = threads, .cores = std::min(threads, cores)}};
  CLLM_ASSIGN(arm.run, MeasuredRun::Create(options.configuration, step, threads));
  CLLM_TRY(arm.run->Step());
  const uint64_t grown = ReadProcessMemory().resident;
  arm.figures.memory_grown = static_cast<size_t>(grown - std::min(grown, resident));
  arm.figures.memory = MeasuredRun::Memory(options.configuration, step, threads);
  arm.figures.permits = arm.run->spheres().Statistics().permits;
  arm.figures.rounds.threads = threads;
  arm.times = std::make_unique<PhaseTimes>(arm.run->spheres());
  arm.run->OnPhaseEnd([times = arm.times.get()](StepPhase phase) { times->Ended(phase); });
  return arm;
}

Result<std::vector<Trained>> MakeArms(const ScalingOptions& options, const StepOptions& step, size_t cores) {
  std::vector<Trained> arms;
  for (const size_t threads : options.threads) {
    CLLM_ASSIGN(Trained arm, MakeArm(options, step, threads, cores));
    arms.push_back(std::move(arm));
  }
  return arms;
}

// Processor time of the items, of the rest of the phases.
std::array<double, 2> ProcessorSeconds(const PhaseTimes& times) {
  return {times.processor_s(StepPhase::kItems), times.processor_s(StepPhase::kReduce) +
                                                    times.processor_s(StepPhase::kUpdate) +
                                                    times.processor_s(StepPhase::kPack)};
}

Status RunStep(Trained& arm) {
  PhaseTimes& times = *arm.times;
  const std::array<double, 2> processor_s = ProcessorSeconds(times);
  const double phases_s = times.phases_s();
  const ProcessUsage before = ReadProcessUsage();
  const double begin = MonotonicSeconds();
  times.Begin();
  CLLM_ASSIGN(const StepResult result, arm.run->Step());
  const double wall = MonotonicSeconds() - begin;
  arm.figures.usage += ReadProcessUsage() - before;
  arm.figures.step_s.push_back(wall);
  arm.figures.loss = result.scores.token;
  arm.figures.rounds.items_s.push_back(ProcessorSeconds(times)[0] - processor_s[0]);
  arm.figures.rounds.other_s.push_back(ProcessorSeconds(times)[1] - processor_s[1]);
  arm.figures.rounds.serial_s.push_back(std::max(0.0, wall - (times.phases_s() - phases_s)));
  return {};
}

// Steps in turn, while there is time for another round.
Status RunSteps(const ScalingOptions& options, double end_s, std::vector<Trained>& arms) {
  double round_s = 0;
  for (size_t step = 0; step < options.steps; ++step) {
    const double begin = MonotonicSeconds();
    const size_t needed = step < kMinRounds ? kMinRounds - step : 1;
    if (step > 0 && begin + static_cast<double>(needed) * round_s > end_s) {
      if (step >= kMinRounds) return {};
      return Failed(
          fmt::format("{} steps on each number of threads take about {:.0f} s, but the limit leaves less; name "
                      "a longer --limit, fewer --threads or a smaller --batch",
                      kMinRounds, static_cast<double>(kMinRounds) * round_s));
    }
    for (Trained& arm : arms) CLLM_TRY(RunStep(arm));
    round_s = MonotonicSeconds() - begin;
  }
  return {};
}

ScalingArm Finished(Trained& arm) {
  ScalingArm figures = std::move(arm.figures);
  figures.leaves = arm.times->leaves();
  figures.groups = arm.times->Groups();
  figures.sum = arm.times->Sum();
  const Parameters& weights = arm.run->step().parameters();
  figures.weights_hash = WeightHash(weights);
  figures.not_finite = CountNotFinite({weights.data(), weights.layout().size()});
  return figures;
}

void SetSpeedUps(std::vector<ScalingArm>& arms) {
  for (ScalingArm& arm : arms) {
    std::vector<double> ratios;
    for (size_t i = 0; i < arm.step_s.size(); ++i) ratios.push_back(arms.front().step_s[i] / arm.step_s[i]);
    arm.speed_up = Median(ratios);
  }
}

Status LearnOnEach(const ScalingOptions& options, ScalingResult& result) {
  if (options.learn_steps == 0) return {};
  const std::string_view text = std::string_view(options.text).substr(0, kMostLearnedBytes);
  result.entropy = UnigramEntropy(text);
  LearningTask task{.text = text,
                    .steps = options.learn_steps,
                    .batch = options.learn_batch,
                    .precision = options.precision,
                    .optimizer = options.optimizer};
  for (const ScalingArm& arm : result.arms) task.batch = std::max(task.batch, arm.threads);
  for (ScalingArm& arm : result.arms) {
    CLLM_ASSIGN(arm.learning, Learn(task, arm.threads));
  }
  return {};
}

}  // namespace

Result<ScalingResult> MeasureScaling(const ScalingOptions& options) {
  const double end_s = MonotonicSeconds() + options.limit_s;
  CLLM_ASSIGN(const StepOptions step,
              StepOf(options.configuration, {options.precision, options.optimizer, options.item}));
  CLLM_TRY(CheckThreads(options, step.items()));
  CLLM_TRY(CheckArmsMemory(options, step));
  ScalingResult result{.configuration = options.configuration, .item = step.item, .cores = PlanSpheres({}).leaves};
  result.tokens_per_step = options.configuration.batch * options.configuration.model.context;
  // The small model first: what it takes is known before the steps share out what is left of the limit.
  for (const size_t threads : options.threads) result.arms.push_back({.threads = threads});
  CLLM_TRY(LearnOnEach(options, result));
  size_t parameters = 0;
  {
    CLLM_ASSIGN(std::vector<Trained> arms, MakeArms(options, step, result.cores));
    CLLM_TRY(RunSteps(options, end_s, arms));
    parameters = arms.front().run->step().parameters().layout().size();
    for (size_t i = 0; i < arms.size(); ++i) {
      std::optional<LearningResult> learning = std::move(result.arms[i].learning);
      result.arms[i] = Finished(arms[i]);
      result.arms[i].learning = std::move(learning);
    }
  }
  result.steps = result.arms.front().step_s.size();
  SetSpeedUps(result.arms);
  result.failures = FindFailures(result.arms, result.entropy);
  for (ScalingArm& arm : result.arms) {
    if (arm.threads > result.cores) continue;
    arm.rounds.barrier_s = EmptyPhaseSeconds(arm.threads);
    arm.rounds.bandwidth = JointReadRate(arm.threads);
  }
  ApplyStepModel(WorkOf(step, parameters), result);
  return result;
}

}  // namespace cllm::measure
