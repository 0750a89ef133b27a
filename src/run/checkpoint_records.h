#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/manifest.h"

namespace cllm {

// The manifest of a checkpoint whose files have the sizes that they were written with; their hashes are for `inspect
// --verify`. Error (BadInput): the first file that has not.
Result<Manifest> ReadSizedManifest(const std::string& checkpoint);

// A checkpoint as it lies there. A plain value.
struct CheckpointRecord {
  uint64_t step = 0;
  std::string path;
  uint64_t bytes = 0;       // of its files, by the manifest
  bool valid = false;       // by the sizes of its files
  bool best = false;        // RUN/best points to it
  std::string reason = {};  // why it is not valid
};

// Those of a run, newest first. Nothing is read but manifests and sizes.
std::vector<CheckpointRecord> ListCheckpoints(const std::string& run);

}  // namespace cllm
