#include "run/run_removal.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/file.h"
#include "base/path.h"
#include "store/checkpoint.h"
#include "store/config_file.h"
#include "store/manifest.h"
#include "store/run_directory.h"
#include "text/chat_template_file.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;

// Whether this program wrote it: other programs, too, have a config.toml beside checkpoints.
bool IsOurs(const std::string& run) {
  const Result<std::vector<ConfigEntry>> entries = ReadConfig(RunPaths{run}.config());
  if (entries.ok()) {
    const auto has = [&](const char* key) {
      return std::any_of(entries->begin(), entries->end(), [&](const ConfigEntry& entry) { return entry.key == key; });
    };
    return has("format") && has("numerics") && has("text");
  }
  // A damaged configuration: its checkpoints say it.
  PosixFileSystem files;
  const Checkpoints checkpoints(files, run);
  const Result<std::vector<uint64_t>> steps = checkpoints.Steps();
  return steps.ok() && std::any_of(steps->begin(), steps->end(), [&](uint64_t step) {
           return ReadManifest(checkpoints.Directory(step)).ok();
         });
}

// "runs/a/" is "runs/a": a link is seen as one then.
std::string WithoutSlash(const std::string& path) { return path.substr(0, path.find_last_not_of('/') + 1); }

Status CheckRemovable(const std::string& path) {
  CLLM_TRY(CheckRunDirectory(path));
  std::error_code error;
  if (fs::is_symlink(WithoutSlash(path), error)) {
    return Usage(fmt::format("{}: a link to {}; name the run itself", path, fs::canonical(path, error).string()));
  }
  if (!IsOurs(path)) {
    return BadInput(
        fmt::format("{}: expected a run, found a directory with a config.toml that no run wrote; it is left "
                    "alone",
                    path));
  }
  if (const std::string holder = RunLock::Holder(path); !holder.empty()) {
    return Usage(fmt::format("{}: {} is writing this run; stop it first", path, holder));
  }
  return {};
}

Status RemoveIfThere(FileSystem& files, const std::string& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error)) ? RemoveTree(files, path) : Status();
}

}  // namespace

Result<std::vector<RunRecord>> RunsToRemove(const std::vector<std::string>& paths) {
  std::vector<RunRecord> runs;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    CLLM_TRY(CheckRemovable(path));
    std::error_code error;
    if (!seen.insert(fs::canonical(path, error).string()).second) {
      return Usage(fmt::format("{}: named twice", path));
    }
    CLLM_ASSIGN(RunRecord run, ReadRunRecord(path));
    runs.push_back(std::move(run));
  }
  return runs;
}

Result<RemovedRun> RemoveRun(FileSystem& files, const RunRecord& run) {
  RemovedRun removed{.bytes = run.disk_bytes, .others = {}};
  const RunPaths paths{run.path};
  {
    CLLM_ASSIGN(const RunLock lock, RunLock::Acquire(run.path));
    for (const char* name : {"best", "latest", "checkpoints"}) CLLM_TRY(RemoveIfThere(files, JoinPath(run.path, name)));
    for (const std::string& path : {paths.log(), paths.samples(), paths.report(), paths.tokenizer(), paths.lattice(),
                                    paths.given_text(), paths.given_validation(),
                                    JoinPath(run.path, kChatTemplateFileName)}) {
      CLLM_TRY(RemoveIfThere(files, path));
    }
    CLLM_TRY(RemoveIfThere(files, paths.config()));
    CLLM_TRY(RemoveIfThere(files, paths.lock()));
  }
  CLLM_ASSIGN(removed.others, files.List(run.path));
  if (removed.others.empty()) CLLM_TRY(files.Remove(WithoutSlash(run.path)));
  return removed;
}

}  // namespace cllm
