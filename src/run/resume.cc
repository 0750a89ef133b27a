#include "run/resume.h"

#include <fmt/format.h>

#include "base/units.h"
#include "monitor/phase.h"
#include "run/planner.h"
#include "run/resources.h"
#include "run/run_plan.h"
#include "run/text_preparation.h"
#include "store/checkpoint.h"
#include "text/tokenizer_file.h"
#include "train/run_state.h"

namespace cllm {
namespace {

Result<FoundCheckpoint> NewestCheckpoint(FileSystem& files, const std::string& directory, RunObserver& observer) {
  CLLM_ASSIGN(FoundCheckpoint found, Checkpoints(files, directory).NewestValid());
  for (const SkippedCheckpoint& skipped : found.skipped) {
    observer.OnNote({fmt::format("checkpoint of step {} is skipped: {}", skipped.step, skipped.reason)});
  }
  return found;
}

Result<PreparedRun> PrepareStoredRun(const std::string& directory, RunChoices choices, RunObserver& observer) {
  PreparedRun run;
  run.choices = std::move(choices);
  NoteSurprises(run.choices, observer);
  CLLM_ASSIGN(const SplitText text, OpenText(TextOf(run.choices), observer));
  run.machine = LookAtMachine(run.choices);
  CLLM_ASSIGN(Tokenizer tokenizer, LoadTokenizer(directory));
  run.tokenizer = std::make_unique<Tokenizer>(std::move(tokenizer));
  CLLM_ASSIGN(PreparedCorpus corpus, PrepareText(text, *run.tokenizer, UsableCores(), observer));
  run.corpus = std::make_unique<PreparedCorpus>(std::move(corpus));
  const Result<TrainingPlan> plan = PlanOf(run.choices, run.tokenizer->vocabulary());
  if (!plan.ok()) {
    return BadInput(fmt::format("{}: {}", RunPaths{directory}.config(), plan.status().message()));
  }
  run.plan = *plan;
  CLLM_TRY(CheckLongEnough(*run.corpus, run.plan.shape.context));
  run.memory = TrainingMemory(run.plan.shape, run.plan.step, run.plan.threads);
  CLLM_TRY(CheckRunMemory(run.memory));
  return run;
}

}  // namespace

Result<std::optional<uint64_t>> ResolveGoal(const ResumeGoal& goal, const RunProgress& progress, double step_seconds) {
  if (goal.steps && *goal.steps < progress.planned) {
    return Usage(fmt::format("`steps` {} is less than the run's {}; it is the total and can only grow", *goal.steps,
                             progress.planned));
  }
  if (!goal.time_s) return goal.steps;
  const uint64_t total = progress.step + TimeForSteps{.seconds = *goal.time_s, .step_seconds = step_seconds}.Steps();
  if (total >= progress.planned) return std::optional(total);
  const uint64_t left = progress.planned - progress.step;
  return Usage(fmt::format("`time` {} is for {} steps, but the run has {} more before its planned end (about {}); "
                           "leave `time` out to finish it, or name more time",
                           FormatDuration(*goal.time_s), total - progress.step, left,
                           FormatDuration(static_cast<double>(left) * step_seconds)));
}

Result<PreparedResume> PrepareResume(const std::string& directory, RunChoices choices, const ResumeGoal& goal,
                                     RunObserver& observer) {
  PosixFileSystem files;
  CLLM_ASSIGN(RunLock lock, RunLock::Acquire(directory));
  CLLM_ASSIGN(const FoundCheckpoint found, NewestCheckpoint(files, directory, observer));
  CLLM_ASSIGN(PreparedRun run, PrepareStoredRun(directory, std::move(choices), observer));
  CLLM_TRY(CheckDisk(files, directory, run.memory));
  CLLM_ASSIGN(const RunState state, ReadState(found.directory));
  const RunProgress progress{.step = found.step, .planned = state.schedule.total()};
  if (goal.time_s) {
    Phase phase(observer, "measuring a step");
    CLLM_ASSIGN(run.step_seconds, MeasureStep(run.choices, *run.tokenizer, kMeasureShare * *goal.time_s));
  }
  CLLM_ASSIGN(const auto total, ResolveGoal(goal, progress, run.step_seconds.value_or(0)));
  if (total.value_or(progress.planned) == progress.step) {
    observer.OnNote(
        {fmt::format("the run is complete at step {}; name `time` or `steps` to train on", progress.step)});
  }
  return PreparedResume{std::move(run), directory, std::move(lock), found.directory, total};
}

}  // namespace cllm
