#include "run/active_run.h"

#include <algorithm>
#include <utility>

#include "run/machine_speed.h"
#include "run/resources.h"
#include "run/run_config.h"
#include "store/config_file.h"
#include "text/tokenizer_file.h"

namespace cllm {
namespace {

constexpr const char* kRuns = "runs";  // where runs without a directory of their own go

Status WriteRunFiles(FileSystem& files, const std::string& directory, const PreparedRun& run) {
  CLLM_TRY(AtomicWriteFile(files, RunPaths{directory}.config(), AsBytes(WriteConfig(ToEntries(run.choices)))));
  return SaveTokenizer(*run.tokenizer, files, directory);
}

// Of the machine, in the precision of the run's products: a share of another one's peak may be above 1.
double PeakInUse(const TrainingPlan& plan) {
  constexpr double kMilliseconds = 40;
  const size_t threads = plan.threads == 0 ? UsableCores() : std::min(plan.threads, UsableCores());
  return MeasureMachine(threads, kMilliseconds, plan.step.precision).peak_gflops;
}

}  // namespace

Result<std::string> MakeRunDirectory(FileSystem& files, const std::string& out, const PreparedRun& run) {
  CLLM_TRY(CheckDisk(files, out.empty() ? kRuns : out, run.memory));
  if (out.empty()) return CreateNumberedRun(files, kRuns, run.choices.text.front());
  CLLM_TRY(CreateRunDirectory(files, out));
  return out;
}

ActiveRun::ActiveRun(RunLock lock, const std::string& directory, FileSystem& files, RunObserver& observer)
    : lock_(std::move(lock)),
      log_(files, RunPaths{directory}.log(), observers_),
      samples_(files, RunPaths{directory}.samples(), observers_) {
  observers_.Add("the log", log_);
  observers_.Add("the file of samples", samples_);
  observers_.Add("the observer", observer);
}

Status ActiveRun::MakeTrainer(const PreparedRun& run, const std::string& directory, FileSystem& files,
                              RunControl& control) {
  CLLM_ASSIGN(trainer_, Trainer::Create({.plan = run.plan,
                                         .run = directory,
                                         .tokenizer = *run.tokenizer,
                                         .corpus = *run.corpus,
                                         .files = files,
                                         .observer = observers_,
                                         .control = control,
                                         .peak_gflops = PeakInUse(run.plan)}));
  return {};
}

Result<std::unique_ptr<ActiveRun>> ActiveRun::Begin(const PreparedRun& run, const std::string& directory,
                                                    FileSystem& files, const RunWatch& watch) {
  CLLM_ASSIGN(RunLock lock, RunLock::Acquire(directory));
  CLLM_TRY(WriteRunFiles(files, directory, run));
  std::unique_ptr<ActiveRun> active(new ActiveRun(std::move(lock), directory, files, watch.observer));
  CLLM_TRY(active->MakeTrainer(run, directory, files, watch.control));
  CLLM_TRY(active->trainer_->Begin(run.from ? &run.from->parameters : nullptr));
  return active;
}

Result<std::unique_ptr<ActiveRun>> ActiveRun::Continue(PreparedResume& resume, FileSystem& files,
                                                       const RunWatch& watch) {
  std::unique_ptr<ActiveRun> active(new ActiveRun(std::move(resume.lock), resume.directory, files, watch.observer));
  CLLM_TRY(active->MakeTrainer(resume.run, resume.directory, files, watch.control));
  CLLM_TRY(active->trainer_->Continue(resume.checkpoint, resume.total));
  return active;
}

}  // namespace cllm
