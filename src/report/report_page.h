#pragma once

#include <string>
#include <vector>

#include "report/reported_run.h"
#include "report/run_charts.h"

namespace cllm::report {

// What a page says beside its runs.
struct PageContext {
  std::string program;  // "cllm 0.1.0"
  double now = 0;       // seconds since 1970
};

// Runs as one HTML page without anything outside of it, no script included; on paper, too. Texts of models, names and
// paths are shown as text whatever they hold. REQUIRES: a run at least.
std::string ReportPage(const std::vector<ReportedRun>& runs, const ChartWishes& wishes, const PageContext& context);

}  // namespace cllm::report
