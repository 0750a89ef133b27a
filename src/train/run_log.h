#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/seconds_clock.h"
#include "base/wall_clock.h"
#include "monitor/run_observer.h"
#include "store/json_log.h"

namespace cllm {

// The groups of spheres as records of the log have them.
JsonArray GroupRecords(const SphereStatistics& spheres);

// Writes a run's events to log.jsonl, one record each, handed to the system at once. Every record but that of a step
// has an "event", and every one the "time". A resume first drops the records after its step (TruncateLog). The last
// record is that of the end.
//
// A log that cannot be written (a full disk) does not end the run: `notes` is told once, and records are left out until
// it can be written again. Thread-compatible.
class RunLog : public RunObserver {
 public:
  // files, notes: outlive this; notes may be a fan-out to which this belongs. Nothing is opened before the first event,
  // and what is told before a start or a resume is not written. clock: seconds since 1970.
  RunLog(FileSystem& files, std::string path, RunObserver& notes, SecondsClock clock = WallClockSeconds)
      : files_(files), path_(std::move(path)), notes_(notes), clock_(std::move(clock)) {}

  void OnStart(const StartEvent& event) override;
  void OnResume(const ResumeEvent& event) override;
  void OnPace(const PaceEvent& event) override;
  void OnStep(const StepEvent& event) override;
  // Also writes what the spheres did up to the last step.
  void OnEvaluation(const EvaluationEvent& event) override;
  void OnSample(const SampleEvent& event) override;
  void OnSave(const SaveEvent& event) override;
  void OnSkippedSave(const SkippedSaveEvent& event) override;
  void OnNote(const NoteEvent& event) override;
  void OnDivergence(const DivergenceEvent& event) override;
  void OnRollback(const RollbackEvent& event) override;
  void OnEnd(const EndEvent& event) override;

 private:
  void WriteStart(const char* kind, const RunDescription& run);
  void WriteSpheres();
  void Write(JsonFields record);
  Status Open();

  FileSystem& files_;
  std::string path_;
  RunObserver& notes_;
  const SecondsClock clock_;
  std::optional<JsonLog> log_;
  std::optional<uint64_t> resumed_at_;  // records after this step are still to be dropped
  bool running_ = false;                // between start and end
  bool fails_ = false;                  // the last record could not be written
  uint64_t step_ = 0;                   // of the last event that had one
  SphereStatistics spheres_;            // of the last step
};

}  // namespace cllm
