#include "cllm/training.h"

#include <fmt/format.h>

#include <utility>

#include "api/choices.h"
#include "api/text_input.h"
#include "api/watcher.h"
#include "base/system.h"
#include "run/active_run.h"
#include "run/run_config.h"

namespace cllm {
namespace {

constexpr const char* kNothingKept = "no run was made";

TrainedRun TrainedOf(const RunSummary& summary, const std::string& directory) {
  return {.directory = directory,
          .step = summary.step,
          .total_steps = summary.planned,
          .saved_step = summary.saved_step,
          .stopped = summary.stop_signal != 0,
          .patience_ended = summary.patience_ended,
          .best_step = summary.best_step,
          .token_loss = summary.scores.token,
          .bits_per_byte = summary.bits_per_byte,
          .whole = summary.whole,
          .memorised = summary.memorised,
          .seconds = summary.seconds};
}

Result<TrainedRun> TrainToTheEnd(ActiveRun& active, const std::string& directory, std::string& kept) {
  kept = fmt::format("the run {} has what it saved and can be resumed", directory);
  CLLM_ASSIGN(const RunSummary summary, active.Train());
  kept = summary.saved_step
             ? fmt::format("the run {} is saved up to step {} and can be resumed", directory, *summary.saved_step)
             : fmt::format("nothing of the run {} could be saved", directory);
  return TrainedOf(summary, directory);
}

Result<TrainedRun> TrainNew(const TrainOptions& options, Watcher& watcher, std::string& kept) {
  const double started = MonotonicSeconds();
  PosixFileSystem files;
  CLLM_ASSIGN(RunChoices choices, ChoicesOf(options));
  CLLM_ASSIGN(const std::optional<GivenText> given, NameTexts(files, options.text, options.validation, choices));
  CLLM_TRY(CheckRunDirectoryIsFree(files, options.directory));
  CLLM_ASSIGN(PreparedRun run, PrepareRun(std::move(choices), started, watcher));
  watcher.LeaveIfStopped();
  CLLM_ASSIGN(NewRunDirectory made, MakeRunDirectory(files, options.directory, run));
  const std::string directory = made.path();
  if (given) CLLM_TRY(given->KeepIn(files, directory, run.choices));
  watcher.BeginTraining(directory);
  CLLM_ASSIGN(const auto active, ActiveRun::Begin(run, std::move(made), files, {watcher, watcher.control()}));
  return TrainToTheEnd(*active, directory, kept);
}

Result<TrainedRun> GoOn(const ResumeOptions& options, Watcher& watcher, std::string& kept) {
  const double started = MonotonicSeconds();
  PosixFileSystem files;
  if (options.directory.empty()) return Usage("no `directory` named, expected that of a run");
  CLLM_TRY(CheckFiles(options.text_files));
  CLLM_TRY(CheckFiles(options.validation_files));
  CLLM_ASSIGN(RunChoices choices, ReadRunChoices(options.directory));
  CLLM_TRY(TakeGoal(options, choices));
  if (!options.text_files.empty()) choices.text = options.text_files;
  if (!options.validation_files.empty()) choices.validation = options.validation_files;
  const ResumeGoal goal{.steps = options.steps, .time_s = options.time_s, .started = started};
  CLLM_ASSIGN(PreparedResume resume, PrepareResume(options.directory, std::move(choices), goal, watcher));
  watcher.LeaveIfStopped();
  watcher.BeginTraining(options.directory);
  CLLM_ASSIGN(const auto active, ActiveRun::Continue(resume, files, {watcher, watcher.control()}));
  return TrainToTheEnd(*active, options.directory, kept);
}

}  // namespace

inline namespace api {

Expected<TrainedRun> Train(const TrainOptions& options, const Watch& watch) {
  Watcher watcher(watch);
  std::string kept = kNothingKept;
  return RunWatched<TrainedRun>(watcher, kept, [&] { return TrainNew(options, watcher, kept); });
}

Expected<TrainedRun> Resume(const ResumeOptions& options, const Watch& watch) {
  Watcher watcher(watch);
  std::string kept = "the run is as it was";
  return RunWatched<TrainedRun>(watcher, kept, [&] { return GoOn(options, watcher, kept); });
}

}  // namespace api
}  // namespace cllm
