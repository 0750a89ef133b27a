#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "report/chart.h"
#include "report/reported_run.h"

namespace cllm::report {

// How charts of runs are drawn.
struct ChartWishes {
  Axis axis = Axis::kStep;
  bool log_x = false, log_y = false;
  size_t points = 500;  // a curve
};

// The charts that there are of a run, and of several ones together, by name: "loss", "bits", "grad-norm".
struct ChartKind {
  std::string_view name, meaning;
  bool of_several = true;  // runs in one drawing; all are of one
};
std::span<const ChartKind> ChartKinds();

// What the places on an axis are.
Quantity QuantityOf(Axis axis);

// A chart of runs by its name; without values where their logs have nothing for it. Error (Usage): no such chart.
// REQUIRES: a run at least.
Result<Chart> ChartOf(std::string_view name, const std::vector<const ReportedRun*>& runs, const ChartWishes& wishes);

// Where a run's time went, and what each of its workers did: bars. Empty: the log does not tell.
std::string TimeBars(const ReportedRun& run);
std::string SphereBars(const ReportedRun& run);

}  // namespace cllm::report
