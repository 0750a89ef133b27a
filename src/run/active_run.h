#pragma once

#include <memory>
#include <string>

#include "monitor/observer_fan_out.h"
#include "monitor/run_control.h"
#include "monitor/run_observer.h"
#include "run/pace_file.h"
#include "run/resume.h"
#include "run/run_preparation.h"
#include "store/file_system.h"
#include "store/new_run_directory.h"
#include "store/run_directory.h"
#include "train/run_log.h"
#include "train/sample_file.h"
#include "train/trainer.h"

// Choices become a run, and a run a model. Who trains one (app, api), with `files`, `observer` and `control` of its
// own:
//
//   RunChoices choices;
//   choices.text = {"book.txt"}, choices.steps = 2000;  // whatever is not named is planned
//   CLLM_ASSIGN(const PreparedRun run, PrepareRun(choices, MonotonicSeconds(), observer));
//   CLLM_ASSIGN(NewRunDirectory directory, MakeRunDirectory(files, "runs/mine", run));
//   CLLM_ASSIGN(const auto active, ActiveRun::Begin(run, std::move(directory), files, {observer, control}));
//   CLLM_ASSIGN(const RunSummary summary, active->Train());
//
// OpenModel (open_model.h) then reads it, EvaluateText (evaluate.h) measures it, Generate (infer/request_batch.h)
// continues a prompt, and PrepareResume (resume.h) goes on with it. Nothing here prints, exits or knows flags; messages
// name options in backquotes.
namespace cllm {

// Refuses a directory that MakeRunDirectory would refuse because of what is in it: before the work, not after. Error:
// as there.
Status CheckRunDirectoryIsFree(FileSystem& files, const std::string& out);

// Makes the directory of a new run: `out`, or runs/<name of the text>-<n> where that is empty, and looks first whether
// its disk has room. It goes again unless a run begins in it. Error: Usage if it exists and is not empty; NoResources;
// Failed.
Result<NewRunDirectory> MakeRunDirectory(FileSystem& files, const std::string& out, const PreparedRun& run);

// Who is told of a run that trains, and by whom it may be stopped.
struct RunWatch {
  RunObserver& observer;  // beside the run's log and its file of samples
  RunControl& control;
  RankTeam* team = nullptr;  // that trains it, of which this is the first (ranked_run.h has the others); null: alone
};

// A run that trains: its directory is locked, its log and its samples are written. Prepared run, files, observer and
// control outlive it. Thread-compatible.
class ActiveRun {
 public:
  // Begins a new run in a directory that MakeRunDirectory made: writes its configuration and tokenizer, saves step 0.
  // On an error the directory goes.
  static Result<std::unique_ptr<ActiveRun>> Begin(const PreparedRun& run, NewRunDirectory directory, FileSystem& files,
                                                  const RunWatch& watch);
  // Goes on with one. Takes over its lock.
  static Result<std::unique_ptr<ActiveRun>> Continue(PreparedResume& resume, FileSystem& files,
                                                     const RunWatch& watch);
  ActiveRun(const ActiveRun&) = delete;
  ActiveRun& operator=(const ActiveRun&) = delete;

  // Runs to the end, a stop, or divergence (see Trainer::Train).
  Result<RunSummary> Train() { return trainer_->Train(); }
  Trainer& trainer() { return *trainer_; }
  // Who is told of it: what is told here goes to log, file of samples and the observer that watches.
  RunObserver& observers() { return observers_; }

 private:
  ActiveRun(RunLock lock, const PreparedRun& run, const std::string& directory, FileSystem& files,
            RunObserver& observer);
  // On an error before the trainer begins, the other ranks are told.
  static Result<std::unique_ptr<ActiveRun>> Open(const PreparedRun& run, NewRunDirectory& directory, FileSystem& files,
                                                 const RunWatch& watch);
  Status MakeTrainer(const PreparedRun& run, const std::string& directory, FileSystem& files, const RunWatch& watch);

  RunLock lock_;
  FanOut observers_;  // log, samples, configuration, the caller's: in this order
  RunLog log_;
  SampleFile samples_;
  PaceFile pace_;
  std::unique_ptr<Trainer> trainer_;
};

}  // namespace cllm
