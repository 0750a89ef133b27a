#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/shape.h"
#include "store/file_system.h"
#include "train/memory_estimate.h"

// Whether the machine has room for a training, asked before it starts.
namespace cllm {

// Leaves that a pool has which is told no number: one per usable core.
size_t UsableCores();

// Memory of training on so many threads (0: one per usable core), of one of so many ranks.
MemoryEstimate TrainingMemory(const ModelShape& shape, const StepOptions& options, size_t threads, size_t ranks = 1);

// NoResources unless so many bytes of memory are available: "<what> needs 2.0 GiB of memory, 1.0 GiB are available;
// <advice>".
Status CheckMemory(std::string_view what, size_t bytes, std::string_view advice);
// The same for a run.
Status CheckRunMemory(const MemoryEstimate& memory);

// How many requests may be decoded at once: their caches, full, take a quarter of the available memory at most.
size_t RequestsTogether(const ModelShape& shape);

// NoResources unless the checkpoints that a run will have beside those that lie in `directory` (which may not be there
// yet) fit onto its disk.
Status CheckDisk(FileSystem& files, const std::string& directory, const MemoryEstimate& memory);

}  // namespace cllm
