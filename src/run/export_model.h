#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "interop/exported_model.h"
#include "monitor/run_observer.h"
#include "run/logit_comparison.h"
#include "store/file_group.h"

namespace cllm {

// What is to be exported, how and where to.
struct ExportRequest {
  std::string model = {};  // a MODEL (open_model.h)
  ExportChoice choice = {};
  // Of GGUF: a file's name with .gguf, or a directory; of Hugging Face: a directory; empty: by the model's name.
  std::string out = {};
  IfThere if_there = IfThere::kRefuse;
  bool verify = false;
};

// What was written.
struct ExportOutcome {
  std::string path = {};                           // the .gguf file, or the directory
  std::vector<std::string> files = {};             // all of them by path, the model's own last
  uint64_t bytes = 0;                              // of the model's own
  std::vector<std::string> notes = {};             // sentences on what is different there
  std::optional<LogitComparison> comparison = {};  // where it was verified
};

// Writes a model as files of another program, together or not at all; with `verify` reads them back, holds every tensor
// against what the type keeps of it, bit for bit, and compares the logits on a text that the model writes. Error: as
// OpenModel, CheckExportable and WriteFileGroup; Usage: no place that the format can have; Failed: what was read back
// is not what was written (the files stay).
Result<ExportOutcome> ExportModel(const ExportRequest& request, RunObserver& observer);

}  // namespace cllm
