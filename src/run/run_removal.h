#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "run/run_record.h"
#include "store/file_system.h"

namespace cllm {

// The runs that are asked to go, before anything does: each is one, and no process writes it. Error (Usage): a link to
// a run, one that is written, one named twice; (BadInput): no run, or a directory that only looks like one.
Result<std::vector<RunRecord>> RunsToRemove(const std::vector<std::string>& paths);

// What removing a run left: entries of its directory that no run writes.
struct RemovedRun {
  uint64_t bytes = 0;               // of disk, freed
  std::vector<std::string> others;  // names; the directory stays where there are any
};
// Removes what a run wrote, and its directory if nothing else is in it. Its configuration goes last, so that one that
// was interrupted can be removed again. Error: Usage: a process writes it; Failed: the system refuses.
Result<RemovedRun> RemoveRun(FileSystem& files, const RunRecord& run);

}  // namespace cllm
