#include "report/reported_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/units.h"
#include "store/config_file.h"
#include "store/run_directory.h"

namespace cllm::report {
namespace {

// The last `parts` of a path.
std::string LastParts(std::string path, size_t parts) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  size_t at = path.size();
  for (size_t i = 0; i < parts && at != std::string::npos; ++i) {
    at = at == 0 ? std::string::npos : path.rfind('/', at - 1);
  }
  return at == std::string::npos || at + 1 == path.size() ? path : path.substr(at + 1);
}

// config.toml's entries by option, arrays with commas between.
void TakeConfiguration(ReportedRun& run) {
  const Result<std::vector<ConfigEntry>> entries = ReadConfig(RunPaths{run.path}.config());
  if (!entries.ok()) return;
  for (const ConfigEntry& entry : *entries) {
    if (entry.key == "clip") {
      if (const Result<double> clip = ParseReal(entry.value); clip.ok() && *clip > 0) run.clip = *clip;
    }
    if (!run.configuration.empty() && run.configuration.back().first == entry.key) {
      run.configuration.back().second += ", " + entry.value;
    } else {
      run.configuration.emplace_back(entry.key, entry.value);
    }
  }
}

// The runs that a path stands for.
Result<std::vector<std::string>> RunsAt(const std::string& path) {
  if (!IsDirectory(path) || LooksLikeRun(path) || PathExists(RunPaths{path}.log())) return std::vector{path};
  CLLM_ASSIGN(const std::vector<RunRecord> found, FindRuns(path));
  std::vector<std::string> paths;
  for (const RunRecord& record : found) {
    if (PathExists(RunPaths{record.path}.log())) paths.push_back(record.path);
  }
  if (paths.empty())
    return BadInput(fmt::format("{}: expected a run, its log, or a directory with runs, found none", path));
  return paths;
}

}  // namespace

Result<std::string> LogOf(const std::string& path) {
  if (!PathExists(path)) return BadInput(fmt::format("{}: expected a run or its log.jsonl, found nothing there", path));
  if (!IsDirectory(path)) return path;
  const std::string log = RunPaths{path}.log();
  if (PathExists(log)) return log;
  return BadInput(fmt::format("{}: expected a run with a log.jsonl, found a directory without one", path));
}

Result<ReportedRun> ReadReportedRun(const std::string& path, const HistoryOptions& options, double now) {
  CLLM_ASSIGN(const std::string log, LogOf(path));
  CLLM_ASSIGN(RunHistory history, ReadRunHistory(log, options));
  ReportedRun run{.path = path, .name = ShortNames({path}).front(), .history = std::move(history), .facts = {}};
  if (IsDirectory(path)) {
    Result<RunRecord> record = ReadRunRecord(path);
    if (record.ok()) {
      run.record = *std::move(record);
    } else {
      run.fault = record.status().message();
    }
    run.running = !RunLock::Holder(path).empty();
    TakeConfiguration(run);
  }
  run.facts = FactsOf(run.history, now, run.running);
  return run;
}

Result<std::vector<ReportedRun>> ReadReportedRuns(const std::vector<std::string>& paths, const HistoryOptions& options,
                                                  double now) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    CLLM_ASSIGN(const std::vector<std::string> found, RunsAt(path));
    for (const std::string& one : found) {
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
    }
  }
  const std::vector<std::string> names = ShortNames(all);
  std::vector<ReportedRun> runs;
  for (size_t i = 0; i < all.size(); ++i) {
    CLLM_ASSIGN(ReportedRun run, ReadReportedRun(all[i], options, now));
    run.name = names[i];
    runs.push_back(std::move(run));
  }
  return runs;
}

std::vector<std::string> ShortNames(const std::vector<std::string>& paths) {
  std::vector<std::string> names;
  for (size_t parts = 1; parts < 64; ++parts) {
    names.clear();
    for (const std::string& path : paths) names.push_back(LastParts(path, parts));
    if (std::set<std::string>(names.begin(), names.end()).size() == names.size()) break;
  }
  return names;
}

}  // namespace cllm::report
