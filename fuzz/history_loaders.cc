#include <string>

#include "base/check.h"
#include "base/testing/temporary_directory.h"
#include "history/history_csv.h"
#include "loaders.h"
#include "report/report_page.h"
#include "report/run_screen.h"

namespace cllm::fuzz {
namespace {

// Every curve on every axis, as promised: in order, within its points.
void LookAt(const RunHistory& history) {
  for (const std::string& name : history.names()) {
    for (const Axis axis : {Axis::kStep, Axis::kTokens, Axis::kSeconds, Axis::kTime}) {
      const Envelope curve = history.Curve(name, axis, {}, 50, Spacing::kLogarithmic);
      CHECK(curve.x.size() <= 50 && curve.x.size() == curve.last.size() && curve.x.size() == curve.mean.size());
      for (size_t i = 0; i < curve.x.size(); ++i) {
        CHECK(curve.low[i] <= curve.last[i] && curve.last[i] <= curve.high[i]);
        CHECK(i == 0 || curve.x[i - 1] <= curve.x[i]);
      }
    }
  }
  for (const HistoryEvent& event : history.events()) history.Text(event);
}

}  // namespace

Status LoadHistory(ByteView bytes) {
  static const TemporaryDirectory directory;
  const std::string path = directory.Write("log.jsonl", AsText(bytes));
  const std::vector<report::ReportedRun> runs = *report::ReadReportedRuns({path}, {}, 1.7e9);
  const RunHistory& history = runs.front().history;
  LookAt(history);
  const std::string page = report::ReportPage(runs, {}, {.program = "cllm", .now = 1.7e9});
  CHECK(page.size() < 2'000'000 && page.find("<script") == page.npos);
  const auto screen = report::RunScreen(history, runs.front().facts, {.columns = 60, .rows = 20});
  CHECK(screen.size() <= 20);
  CLLM_TRY(WriteCsv(history, {}, [](std::string_view) { return Status(); }));
  const LogFaults faults = history.faults();
  if (faults.foreign_lines != 0) return BadInput("lines that are no records");
  return {};
}

}  // namespace cllm::fuzz
