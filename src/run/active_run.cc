#include "run/active_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "run/machine_speed.h"
#include "run/resources.h"
#include "run/run_config.h"
#include "store/config_file.h"
#include "text/chat_template_file.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

constexpr const char* kRuns = "runs";  // where runs without a directory of their own go

Status WriteRunFiles(FileSystem& files, const std::string& directory, const PreparedRun& run) {
  CLLM_TRY(AtomicWriteFile(files, RunPaths{directory}.config(),
                           AsBytes(WriteConfig(ToEntries(WithRecordedPaths(run.choices))))));
  CLLM_TRY(SaveTokenizer(*run.tokenizer, files, directory));
  return run.chat == nullptr ? Status() : SaveChatTemplate(*run.chat, files, directory);
}

// Of the machine, in the precision of the run's products: a share of another one's peak may be above 1.
double PeakInUse(const TrainingPlan& plan) {
  constexpr double kMilliseconds = 40;
  const size_t threads = plan.threads == 0 ? UsableCores() : std::min(plan.threads, UsableCores());
  return MeasureMachine(threads, kMilliseconds, plan.step.precision).peak_gflops;
}

Status AgreeWithOthers(const RunWatch& watch, const Status& mine) {
  return watch.team == nullptr ? mine : watch.team->Agree(mine);
}

}  // namespace

Status CheckRunDirectoryIsFree(FileSystem& files, const std::string& out) {
  return out.empty() || !PathExists(out) ? Status() : CreateRunDirectory(files, out);
}

Result<NewRunDirectory> MakeRunDirectory(FileSystem& files, const std::string& out, const PreparedRun& run) {
  CLLM_TRY(CheckDisk(files, out.empty() ? kRuns : out, run.memory));
  if (out.empty()) return NewRunDirectory::CreateNumbered(files, kRuns, run.choices.text.front());
  return NewRunDirectory::Create(files, out);
}

ActiveRun::ActiveRun(RunLock lock, const PreparedRun& run, const std::string& directory, FileSystem& files,
                     RunObserver& observer)
    : lock_(std::move(lock)),
      log_(files, RunPaths{directory}.log(), observers_),
      samples_(files, RunPaths{directory}.samples(), observers_),
      pace_(files, RunPaths{directory}.config(), run.choices, observers_) {
  observers_.Add("the log", log_);
  observers_.Add("the file of samples", samples_);
  observers_.Add("the configuration", pace_);
  observers_.Add("the observer", observer);
}

Status ActiveRun::MakeTrainer(const PreparedRun& run, const std::string& directory, FileSystem& files,
                              const RunWatch& watch) {
  CLLM_ASSIGN(trainer_, Trainer::Create({.plan = run.plan,
                                         .run = directory,
                                         .tokenizer = *run.tokenizer,
                                         .corpus = *run.corpus,
                                         .files = files,
                                         .observer = observers_,
                                         .control = watch.control,
                                         .peak_gflops = PeakInUse(run.plan) * static_cast<double>(run.ranks),
                                         .time = run.time,
                                         .clock = run.clock,
                                         .team = watch.team}));
  return {};
}

Result<std::unique_ptr<ActiveRun>> ActiveRun::Open(const PreparedRun& run, NewRunDirectory& directory,
                                                   FileSystem& files, const RunWatch& watch) {
  const std::string& path = directory.path();
  Result<RunLock> lock = RunLock::Acquire(path);
  // Another training was faster into the same empty directory: what lies there is its own.
  if (!lock.ok() && lock.status().code() == Code::kUsage) directory.Keep();
  if (!lock.ok()) return lock.status();
  // The same, and it has even ended since.
  if (PathExists(RunPaths{path}.config())) {
    directory.Keep();
    return Usage(fmt::format("{}: another training began there at the same time; name another directory", path));
  }
  CLLM_TRY(WriteRunFiles(files, path, run));
  std::unique_ptr<ActiveRun> active(new ActiveRun(*std::move(lock), run, path, files, watch.observer));
  CLLM_TRY(active->MakeTrainer(run, path, files, watch));
  return active;
}

Result<std::unique_ptr<ActiveRun>> ActiveRun::Begin(const PreparedRun& run, NewRunDirectory directory,
                                                    FileSystem& files, const RunWatch& watch) {
  Result<std::unique_ptr<ActiveRun>> opened = Open(run, directory, files, watch);
  CLLM_TRY(AgreeWithOthers(watch, opened.status()));
  std::unique_ptr<ActiveRun> active = *std::move(opened);
  CLLM_TRY(active->trainer_->Begin(run.from ? &run.from->stored : nullptr));
  active->pace_.Begin(active->trainer_->state().schedule);
  directory.Keep();
  return active;
}

Result<std::unique_ptr<ActiveRun>> ActiveRun::Continue(PreparedResume& resume, FileSystem& files,
                                                       const RunWatch& watch) {
  std::unique_ptr<ActiveRun> active(
      new ActiveRun(std::move(resume.lock), resume.run, resume.directory, files, watch.observer));
  CLLM_TRY(AgreeWithOthers(watch, active->MakeTrainer(resume.run, resume.directory, files, watch)));
  CLLM_TRY(active->trainer_->Continue(resume.checkpoint, resume.total));
  active->pace_.Begin(active->trainer_->state().schedule);
  return active;
}

}  // namespace cllm
