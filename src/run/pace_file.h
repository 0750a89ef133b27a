#pragma once

#include <string>

#include "monitor/run_observer.h"
#include "run/run_choices.h"
#include "store/file_system.h"

namespace cllm {

// Keeps a run's configuration file at what the run decided: a run by time adds each breakpoint of its pace before the
// steps that follow it, and at last their number. What cannot be written is told once, and tried again with the next.
// Node Zero only.
class PaceFile : public RunObserver {
 public:
  // choices: as the file holds them. files and notes outlive this.
  PaceFile(FileSystem& files, std::string path, RunChoices choices, RunObserver& notes)
      : files_(files), path_(std::move(path)), choices_(std::move(choices)), notes_(notes) {}

  // Takes over the schedule that a session begins with.
  void Begin(const Schedule& schedule);
  void OnPace(const PaceEvent& event) override;

 private:
  void Write();

  FileSystem& files_;
  std::string path_;
  RunChoices choices_;
  RunObserver& notes_;
  bool fails_ = false;
};

}  // namespace cllm
