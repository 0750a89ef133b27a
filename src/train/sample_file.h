#pragma once

#include <string>
#include <utility>

#include "monitor/run_observer.h"
#include "store/file_system.h"

namespace cllm {

// Appends a run's samples to samples.txt, each under a line with its step. One that cannot be written is left out, and
// `notes` is told why. Thread-compatible.
class SampleFile : public RunObserver {
 public:
  // files, notes: outlive this; notes may be a fan-out to which this belongs.
  SampleFile(FileSystem& files, std::string path, RunObserver& notes)
      : files_(files), path_(std::move(path)), notes_(notes) {}

  void OnSample(const SampleEvent& event) override;

 private:
  Status Append(const SampleEvent& event) const;

  FileSystem& files_;
  std::string path_;
  RunObserver& notes_;
};

}  // namespace cllm
