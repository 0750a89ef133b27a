#include "run/run_record.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/path.h"
#include "base/system.h"
#include "base/units.h"
#include "corpus/left_out.h"
#include "corpus/named_path.h"
#include "model/model_file.h"
#include "model/parameters.h"
#include "run/checkpoint_records.h"
#include "run/log_outline.h"
#include "run/run_config.h"
#include "store/checkpoint.h"
#include "store/json.h"
#include "store/manifest.h"
#include "store/run_directory.h"
#include "text/tokenizer_file.h"
#include "train/run_state.h"

namespace cllm {
namespace {

namespace fs = std::filesystem;

constexpr int kLevels = 2;  // of folders, below the one that is named

uint64_t DiskBytes(const std::string& directory) {
  constexpr uint64_t kBlock = 512;  // of st_blocks
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(directory, error); !error && entry != fs::recursive_directory_iterator();
       entry.increment(error)) {
    struct stat info {};
    if (lstat(entry->path().c_str(), &info) == 0) bytes += static_cast<uint64_t>(info.st_blocks) * kBlock;
  }
  return bytes;
}

int64_t ChangedAt(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

// How far it is; the configuration may know the end before a checkpoint does.
void TakeProgress(const RunState& state, RunRecord& record) {
  record.step = state.step;
  record.planned = state.schedule.total();
  if (!state.schedule.open()) return;
  if (record.choices.steps) {
    record.planned = *record.choices.steps;
  } else {
    record.time_left_s = std::max(0.0, state.time_left_s);
  }
}

bool AtEnd(const RunRecord& record) { return !record.time_left_s && record.step >= record.planned; }

// Fills the record from a checkpoint, if that is whole.
Status TakeCheckpoint(const std::string& checkpoint, RunRecord& record) {
  CLLM_ASSIGN(const Manifest manifest, ReadSizedManifest(checkpoint));
  CLLM_ASSIGN(const RunState state, ReadState(checkpoint));
  CLLM_ASSIGN(const ModelShape shape, ReadModelShape(JoinPath(checkpoint, kModelFileName)));
  record.parameters = ParameterLayout(shape).parameters();
  record.vocabulary = shape.vocabulary;
  TakeProgress(state, record);
  record.tokens = state.tokens;
  record.seconds = state.elapsed_s;
  record.corpus_hash = state.corpus_hash;
  for (const ManifestFile& file : manifest.files) {
    if (file.name == kModelFileName) record.weights_hash = file.hash;
  }
  record.changed = ChangedAt(JoinPath(checkpoint, kManifestName));
  const bool lost = record.choices.patience != 0 && state.worse_evaluations >= record.choices.patience;
  if (lost && !AtEnd(record)) record.reason = "patience";
  return {};
}

// The newest checkpoint that is whole; why the newest of all is not, if it is not.
std::string TakeNewest(const std::string& run, RunRecord& record) {
  PosixFileSystem files;
  const Checkpoints checkpoints(files, run);
  const Result<std::vector<uint64_t>> steps = checkpoints.Steps();
  if (!steps.ok()) return steps.status().message();
  std::string fault;
  for (const uint64_t step : *steps) {
    const Status taken = TakeCheckpoint(checkpoints.Directory(step), record);
    if (taken.ok()) return fault;
    if (fault.empty()) fault = taken.message();
  }
  return fault.empty() ? "no checkpoint" : fault;
}

RunCondition ConditionOf(const std::string& fault, const LogOutline& log, RunRecord& record) {
  if (!RunLock::Holder(record.path).empty()) {
    record.reason = "";
    return RunCondition::kRunning;
  }
  if (record.planned == 0) {
    record.reason = fault;
    return RunCondition::kDamaged;
  }
  const bool at_end = AtEnd(record) || record.reason == "patience";
  if (at_end && (log.ended() || !PathExists(RunPaths{record.path}.log()))) return RunCondition::kFinished;
  record.reason = log.diverged() ? "diverged" : fault.empty() ? "" : "newest checkpoint damaged";
  return RunCondition::kStopped;
}

void Search(const std::string& directory, int levels, std::vector<std::string>& runs) {
  std::error_code error;
  for (fs::directory_iterator entry(directory, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    std::error_code ignored;
    const std::string name = entry->path().filename().string();
    if (name.starts_with('.') || entry->is_symlink(ignored) || !entry->is_directory(ignored)) continue;
    const std::string path = directory == "." ? name : JoinPath(directory, name);
    if (LooksLikeRun(path)) {
      runs.push_back(path);
    } else if (levels > 0) {
      Search(path, levels - 1, runs);
    }
  }
}

// Of our own tokenizers the number of tokens says which it is.
std::string NameOfTokenizer(uint64_t vocabulary) {
  if (vocabulary == 0) return "";
  return vocabulary == kByteVocabulary ? "bytes" : fmt::format("bpe:{}", vocabulary);
}

// What does not need the tokenizer; the fault that was found, or "".
std::string TakeAllButTokenizer(const std::string& path, RunRecord& record) {
  record.path = path;
  const Result<RunChoices> choices = ReadRunChoices(path);
  if (choices.ok()) record.choices = *choices;
  std::string fault = TakeNewest(path, record);
  if (choices.ok()) return fault;
  record.planned = 0;
  return choices.status().message();
}

void TakeLogAndPlace(const std::string& fault, LogOutline& log, RunRecord& record) {
  log.ReadMore(RunPaths{record.path}.log());
  record.score = log.best();
  record.disk_bytes = DiskBytes(record.path);
  if (record.changed == 0) record.changed = ChangedAt(RunPaths{record.path}.config());
  record.condition = ConditionOf(fault, log, record);
}

}  // namespace

const char* NameOf(RunCondition condition) {
  switch (condition) {
    case RunCondition::kRunning: return "running";
    case RunCondition::kFinished: return "finished";
    case RunCondition::kStopped: return "stopped";
    case RunCondition::kDamaged: return "damaged";
  }
  return "";
}

std::string RunRecord::Text() const {
  std::vector<std::string> names;
  for (const std::string& one : AsNamedHere(choices).text) names.push_back(NamedPath::Of(one).Located());
  return NameSome(names, 1);
}

std::string RunRecord::Steps() const {
  if (!time_left_s) return fmt::format("{} of {}", step, planned);
  // Patience does not wait for the time that is left.
  if (condition == RunCondition::kFinished) return fmt::format("{}", step);
  return fmt::format("{} ({} left)", step, FormatDuration(*time_left_s));
}

Result<RunRecord> ReadRunRecord(const std::string& path) {
  CLLM_TRY(CheckRunDirectory(path));
  RunRecord record;
  std::string fault = TakeAllButTokenizer(path, record);
  const Result<Tokenizer> tokenizer = LoadTokenizer(path);
  if (tokenizer.ok()) {
    record.tokenizer = tokenizer->name();
  } else {
    fault = tokenizer.status().message();
    record.planned = 0;
  }
  LogOutline log;
  TakeLogAndPlace(fault, log, record);
  return record;
}

Result<RunRecord> GlanceAtRun(const std::string& path, LogOutline& log) {
  CLLM_TRY(CheckRunDirectory(path));
  RunRecord record;
  const std::string fault = TakeAllButTokenizer(path, record);
  record.tokenizer = NameOfTokenizer(record.vocabulary);
  TakeLogAndPlace(fault, log, record);
  return record;
}

Result<std::vector<std::string>> FindRunDirectories(const std::string& directory) {
  if (!IsDirectory(directory)) {
    return BadInput(fmt::format("{}: expected a directory with runs, found {}", directory,
                                PathExists(directory) ? "a file" : "nothing there"));
  }
  if (LooksLikeRun(directory)) return std::vector<std::string>{directory};
  std::error_code error;
  const fs::directory_iterator readable(directory, error);
  if (error) return BadInput(fmt::format("{}: cannot be read: {}", directory, error.message()));
  std::vector<std::string> runs;
  Search(directory, kLevels, runs);
  std::ranges::sort(runs);
  return runs;
}

Result<std::vector<RunRecord>> FindRuns(const std::string& directory) {
  CLLM_ASSIGN(const std::vector<std::string> paths, FindRunDirectories(directory));
  std::vector<RunRecord> runs;
  for (const std::string& path : paths) {
    Result<RunRecord> record = ReadRunRecord(path);
    if (!record.ok() && path == directory) return record.status();
    if (record.ok()) runs.push_back(*std::move(record));
  }
  std::sort(runs.begin(), runs.end(), [](const RunRecord& a, const RunRecord& b) {
    return a.changed != b.changed ? a.changed > b.changed : a.path < b.path;
  });
  return runs;
}

}  // namespace cllm
