#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "monitor/run_control.h"
#include "monitor/run_observer.h"

namespace cllm {

// A run that this process trains: what its log does not tell, which piece of work is under way and what the spheres do;
// and the way to ask something of it. Told by the observer's thread, asked by the server's. Thread-safe.
class LiveRun {
 public:
  // control: outlives this.
  LiveRun(std::string path, RunControl& control) : path_(std::move(path)), control_(control) {}

  const std::string& path() const { return path_; }
  RunControl& control() const { return control_; }

  struct State {
    uint64_t changes = 0;  // grows with each
    PhaseEvent phase = {};
    uint64_t step = 0;     // that the spheres were looked at after
    SphereStatistics spheres = {};
    double elapsed_s = 0;  // of training
    bool ended = false;
  };
  State state() const;

  void TakeStep(const StepEvent& event);
  void TakePhase(const PhaseEvent& event);
  void TakeEnd();

 private:
  const std::string path_;
  RunControl& control_;
  mutable std::mutex mutex_;  // of what follows
  State state_;
};

// Tells a live run what its trainer tells. Shares the run with the server: an observer may outlive who made it.
class LiveRunObserver : public RunObserver {
 public:
  explicit LiveRunObserver(std::shared_ptr<LiveRun> run) : run_(std::move(run)) {}
  void OnStep(const StepEvent& event) override { run_->TakeStep(event); }
  void OnPhase(const PhaseEvent& event) override { run_->TakePhase(event); }
  void OnEnd(const EndEvent&) override { run_->TakeEnd(); }

 private:
  std::shared_ptr<LiveRun> run_;  // owners: this and the server
};

}  // namespace cllm
