#include "run/resources.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "base/path.h"
#include "base/resource_limits.h"
#include "base/system.h"
#include "base/units.h"
#include "infer/key_value_cache.h"
#include "infer/request_batch.h"
#include "spheres/spheres.h"
#include "store/checkpoint.h"

namespace cllm {
namespace {

// Three regular checkpoints, the best and one saved by time stay, and a sixth is written before one goes.
constexpr uint64_t kCheckpoints = 6;
constexpr uint64_t kCacheShare = 4;        // caches may take a quarter of what is available
constexpr uint64_t kOtherFiles = 1 << 20;  // bytes: configuration, tokenizer, the log's first records

// The nearest directory above a path that is there.
std::string Existing(std::string path) {
  while (!PathExists(path) && path != ParentPath(path)) path = ParentPath(path);
  return path;
}

}  // namespace

size_t UsableCores() { return PlanSpheres({}).leaves; }

MemoryEstimate TrainingMemory(const ModelShape& shape, const StepOptions& options, size_t threads, size_t ranks) {
  SpheresOptions spheres;
  spheres.leaves = threads;
  return EstimateMemory(shape, options, PlanSpheres(spheres), ranks);
}

Status CheckMemory(std::string_view what, size_t bytes, std::string_view advice) {
  const uint64_t available = ReadMachineMemory().available;
  if (const auto own = OwnMemoryLimit(); own && own->left < std::min<uint64_t>(bytes, available)) {
    return NoResources(
        fmt::format("{} needs {} of memory, {} are left of the {} that this process may have ({}); {}, or "
                    "raise the limit",
                    what, FormatBytes(bytes), FormatBytes(own->left), FormatBytes(own->bytes), own->name, advice));
  }
  if (bytes <= available) return {};
  return NoResources(fmt::format("{} needs {} of memory, {} are available; {}", what, FormatBytes(bytes),
                                 FormatBytes(available), advice));
}

Status CheckRunMemory(const MemoryEstimate& memory) {
  return CheckMemory("the run", memory.total(),
                     "choose a smaller `width`, `layers`, `context` or `item`, or fewer `threads`");
}

size_t RequestsTogether(const ModelShape& shape) {
  const uint64_t cache = KeyValueCache::Bytes(shape, shape.context);
  const uint64_t room = ReadMachineMemory().available / kCacheShare / std::max<uint64_t>(1, cache);
  return std::clamp<size_t>(room, 1, kStepRows);
}

Status CheckDisk(FileSystem& files, const std::string& directory, const MemoryEstimate& memory) {
  CLLM_ASSIGN(const std::vector<uint64_t> there, Checkpoints(files, directory).Steps());
  const uint64_t missing = std::max<uint64_t>(kCheckpoints, there.size() + 1) - there.size();
  const uint64_t needed = missing * memory.checkpoint + kOtherFiles;
  CLLM_ASSIGN(const uint64_t disk, files.FreeBytes(Existing(directory)));
  if (disk >= needed) return {};
  return NoResources(fmt::format("{}: the run's checkpoints need {} of disk, {} are free", directory,
                                 FormatBytes(needed), FormatBytes(disk)));
}

}  // namespace cllm
