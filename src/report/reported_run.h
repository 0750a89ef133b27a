#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "history/run_facts.h"
#include "history/run_history.h"
#include "run/run_record.h"

namespace cllm::report {

// A run that is looked at: its log, and what else lies in its directory, if that is one. Movable.
struct ReportedRun {
  std::string path;  // as it was named
  std::string name;  // short, and another one for each run of a report
  RunHistory history;
  RunFacts facts;
  std::optional<RunRecord> record = {};  // nothing: the log stands alone, or its run cannot be read
  std::string fault = {};                // why, where a directory is there
  bool running = false;                  // a process writes it
  std::vector<std::pair<std::string, std::string>> configuration = {};  // of config.toml, by option
  std::optional<double> clip = {};  // the largest norm of the gradient that is let through
};

// Where a run's log lies: in the run's directory, or the named file itself. Error (BadInput): neither.
Result<std::string> LogOf(const std::string& path);

// Reads a run or a log. now: seconds since 1970. Error (BadInput): there is none, or its log cannot be read.
Result<ReportedRun> ReadReportedRun(const std::string& path, const HistoryOptions& options, double now);

// The same of several; a directory that is no run itself stands for those in it. Names them.
Result<std::vector<ReportedRun>> ReadReportedRuns(const std::vector<std::string>& paths, const HistoryOptions& options,
                                                  double now);

// Names for paths: their last parts, as many of them as tell them apart.
std::vector<std::string> ShortNames(const std::vector<std::string>& paths);

}  // namespace cllm::report
