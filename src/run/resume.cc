#include "run/resume.h"

#include <fmt/format.h>

#include "base/units.h"
#include "monitor/phase.h"
#include "run/planner.h"
#include "run/resources.h"
#include "run/run_plan.h"
#include "run/run_text.h"
#include "store/checkpoint.h"
#include "text/tokenizer_file.h"
#include "train/run_state.h"

namespace cllm {
namespace {

Result<FoundCheckpoint> NewestCheckpoint(FileSystem& files, const std::string& directory, RunObserver& observer) {
  const Checkpoints checkpoints(files, directory);
  CLLM_ASSIGN(const std::vector<uint64_t> steps, checkpoints.Steps());
  if (steps.empty()) {
    return BadInput(
        fmt::format("{}: expected a run with checkpoints, found none: it ended before it had saved one; remove "
                    "it and train anew",
                    directory));
  }
  CLLM_ASSIGN(FoundCheckpoint found, checkpoints.NewestValid());
  for (const SkippedCheckpoint& skipped : found.skipped) {
    observer.OnNote({fmt::format("checkpoint of step {} is skipped: {}", skipped.step, skipped.reason)});
  }
  return found;
}

// How a run that is at its end can go on nevertheless; "" for others.
std::string EndNote(const RunProgress& progress, std::optional<uint64_t> total, const RunState& state) {
  if (total.value_or(progress.planned) == progress.step) {
    return fmt::format("the run is complete at step {}; name `time` or `steps` to train on", progress.step);
  }
  if (!progress.patience_ended || total) return "";
  return fmt::format(
      "patience ended the run at step {} of {}: {} evaluations in a row were no better than that of step "
      "{}; name `steps` ({} to the planned end), `time` or a larger `patience` (0: no limit) to train on",
      progress.step, progress.planned, state.worse_evaluations, state.best_step, progress.planned);
}

Result<PreparedRun> PrepareStoredRun(const std::string& directory, RunChoices choices, const RunState& state,
                                     size_t ranks, RunObserver& observer) {
  PreparedRun run;
  run.ranks = ranks;
  run.choices = std::move(choices);
  NoteSurprises(run.choices, observer);
  run.machine = LookAtMachine(run.choices, ranks);
  CLLM_ASSIGN(Tokenizer tokenizer, LoadTokenizer(directory));
  run.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  PosixFileSystem files;
  const TextQuery query{
      .run = directory, .choices = run.choices, .hash = state.corpus_hash, .tokenizer = *run.tokenizer};
  CLLM_ASSIGN(PreparedCorpus corpus, FindText(query, files, observer));
  run.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
  const Result<TrainingPlan> plan = PlanOf(run.choices, run.tokenizer->vocabulary());
  if (!plan.ok()) {
    return BadInput(fmt::format("{}: {}", RunPaths{directory}.config(), plan.status().message()));
  }
  run.plan = *plan;
  CLLM_TRY(CheckLongEnough(*run.corpus, run.plan.shape.context));
  run.memory = TrainingMemory(run.plan.shape, run.plan.step, run.plan.threads, ranks);
  CLLM_TRY(CheckRunMemory(run.memory));
  return run;
}

// The time that goes on with a run: what is named, else what an open run has left.
Status PlanTime(const ResumeGoal& goal, const RunProgress& progress, double time_left_s, RunObserver& observer,
                PreparedRun& run) {
  if (goal.steps || !(goal.time_s || progress.open)) return {};
  run.time = TimeBudget{.begin = goal.started, .seconds = goal.time_s.value_or(time_left_s)};
  Phase phase(observer, "measuring a step");
  CLLM_ASSIGN(run.step_seconds, MeasureStep(run.choices, *run.tokenizer, kMeasureShare * run.time->seconds));
  *run.step_seconds /= static_cast<double>(run.ranks);
  run.time->step_seconds = *run.step_seconds;
  run.choices.time_s = run.time->seconds;
  return {};
}

}  // namespace

Result<std::optional<uint64_t>> ResolveGoal(const ResumeGoal& goal, const RunProgress& progress, double step_seconds) {
  if (goal.steps && progress.open && *goal.steps <= progress.planned) {
    return Usage(
        fmt::format("`steps` {} is no more than the {} that the run by time has decided already; name more, or "
                    "leave it out to train for the time that is left",
                    *goal.steps, progress.planned));
  }
  if (goal.steps && *goal.steps < progress.planned) {
    return Usage(fmt::format("`steps` {} is less than the run's {}; it is the total and can only grow", *goal.steps,
                             progress.planned));
  }
  if (!goal.time_s) return goal.steps;
  const uint64_t total = progress.step + TimeForSteps{.seconds = *goal.time_s, .step_seconds = step_seconds}.Steps();
  if (progress.open || total >= progress.planned) return std::optional<uint64_t>();
  const uint64_t left = progress.planned - progress.step;
  return Usage(fmt::format("`time` {} is for {} steps, but the run has {} more before its planned end (about {}); "
                           "{} to finish it, or name more time",
                           FormatDuration(*goal.time_s), total - progress.step, left,
                           FormatDuration(static_cast<double>(left) * step_seconds),
                           progress.patience_ended ? fmt::format("name `steps` {}", progress.planned)
                                                   : "leave `time` out"));
}

Result<PreparedResume> PrepareResume(const std::string& directory, RunChoices choices, const ResumeGoal& goal,
                                     RunObserver& observer) {
  PosixFileSystem files;
  CLLM_ASSIGN(RunLock lock, RunLock::Acquire(directory));
  CLLM_ASSIGN(const FoundCheckpoint found, NewestCheckpoint(files, directory, observer));
  CLLM_ASSIGN(const RunState state, ReadState(found.directory));
  CLLM_ASSIGN(PreparedRun run, PrepareStoredRun(directory, std::move(choices), state, goal.ranks, observer));
  CLLM_TRY(CheckDisk(files, directory, run.memory));
  const Schedule& planned = run.plan.step.schedule;
  const Schedule& schedule = planned.Continues(state.schedule) ? planned : state.schedule;
  const uint64_t patience = run.choices.patience;
  const RunProgress progress{.step = found.step,
                             .planned = schedule.total(),
                             .open = schedule.open(),
                             .patience_ended = patience != 0 && state.worse_evaluations >= patience};
  CLLM_TRY(PlanTime(goal, progress, state.time_left_s, observer, run));
  CLLM_ASSIGN(const auto total, ResolveGoal(goal, progress, run.step_seconds.value_or(0)));
  if (const std::string note = EndNote(progress, total, state); !run.time && !note.empty()) observer.OnNote({note});
  return PreparedResume{std::move(run), directory, std::move(lock), found.directory, total};
}

}  // namespace cllm
