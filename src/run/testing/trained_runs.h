#pragma once

#include <signal.h>

#include <memory>
#include <string>
#include <utility>

#include "base/system.h"
#include "run/active_run.h"
#include "run/run_record.h"
#include "run/testing/small_runs.h"

namespace cllm {

// Runs that were trained, by their names in the test's directory.
class TrainedRuns : public SmallRuns {
 protected:
  RunSummary Train(const RunChoices& choices, const std::string& name) {
    const Result<PreparedRun> run = PrepareRun(choices, MonotonicSeconds(), notes_);
    EXPECT_TRUE(run.ok()) << run.status().message();
    Result<NewRunDirectory> made = MakeRunDirectory(files_, root_ / name, *run);
    EXPECT_TRUE(made.ok()) << made.status().message();
    RunControl control;
    Stopper stopper(control, stop_after_);
    const auto active = ActiveRun::Begin(*run, *std::move(made), files_, {stopper, control});
    EXPECT_TRUE(active.ok()) << active.status().message();
    const Result<RunSummary> summary = (*active)->Train();
    EXPECT_TRUE(summary.ok()) << summary.status().message();
    return *summary;
  }
  RunRecord Read(const std::string& name) {
    const Result<RunRecord> record = ReadRunRecord(root_ / name);
    EXPECT_TRUE(record.ok()) << record.status().message();
    return *record;
  }

  PosixFileSystem files_;
  uint64_t stop_after_ = 0;  // steps; 0: never

 private:
  class Stopper : public RunObserver {
   public:
    Stopper(RunControl& control, uint64_t step) : control_(control), step_(step) {}
    void OnStep(const StepEvent& event) override {
      if (event.step == step_) control_.stop_signal = SIGTERM;
    }

   private:
    RunControl& control_;
    uint64_t step_;
  };
};

}  // namespace cllm
