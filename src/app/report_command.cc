#include <fmt/format.h>

#include <iostream>

#include "app/arguments/command_line.h"
#include "app/command.h"
#include "app/messages.h"
#include "base/units.h"
#include "base/wall_clock.h"
#include "corpus/cache_directory.h"
#include "history/history_csv.h"
#include "report/report_page.h"
#include "store/file_system.h"
#include "store/run_directory.h"
#include "terminal/terminal_text.h"

namespace cllm {
namespace {

struct ReportFlags {
  std::vector<std::string> runs, columns;
  std::string out, svg, axis = "step";
  bool csv = false, log_x = false, log_y = false;
};

constexpr const char* kStandardOutput = "-";

// Where a report goes that nobody named a place for: one of a run into it.
std::string OutputPlace(const ReportFlags& flags, const std::vector<report::ReportedRun>& runs) {
  if (!flags.out.empty()) return flags.out;
  if (flags.csv || !flags.svg.empty()) return kStandardOutput;
  return runs.size() == 1 && runs.front().record ? RunPaths{runs.front().path}.report() : "report.html";
}

Status Write(const std::string& text, const std::string& place) {
  if (place == kStandardOutput) {
    std::cout << text;
    return {};
  }
  PosixFileSystem files;
  const Status written = AtomicWriteFile(files, place, AsBytes(text));
  if (!written.ok()) return Failed(written.message() + "; -o FILE writes it elsewhere");
  PrintMessage(fmt::format("{}: {}", place, FormatBytes(text.size())));
  return {};
}

Status WriteNumbers(const report::ReportedRun& run, const std::vector<std::string>& columns, const std::string& place) {
  if (place == kStandardOutput) {
    return WriteCsv(run.history, columns, [](std::string_view piece) {
      std::cout << piece;
      return std::cout.good() ? Status() : Failed("standard output takes no more");
    });
  }
  std::string text;
  CLLM_TRY(WriteCsv(run.history, columns, [&text](std::string_view piece) {
    text += piece;
    return Status();
  }));
  return Write(text, place);
}

Status WriteWanted(const ReportFlags& flags, const std::vector<report::ReportedRun>& runs) {
  const std::string place = OutputPlace(flags, runs);
  const report::ChartWishes wishes{.axis = *AxisNamed(flags.axis), .log_x = flags.log_x, .log_y = flags.log_y};
  if (flags.csv) {
    if (runs.size() != 1) return Usage(fmt::format("--csv writes the numbers of one run, found {}", runs.size()));
    return WriteNumbers(runs.front(), flags.columns, place);
  }
  if (!flags.svg.empty()) {
    std::vector<const report::ReportedRun*> all;
    for (const report::ReportedRun& run : runs) all.push_back(&run);
    CLLM_ASSIGN(const report::Chart chart, report::ChartOf(flags.svg, all, wishes));
    if (!report::HasValues(chart)) return BadInput(fmt::format("the log has nothing for the chart '{}'", flags.svg));
    return Write(report::DrawChart(chart, report::ChartPlace::kAlone), place);
  }
  return Write(report::ReportPage(runs, wishes, {.program = ProgramVersion(), .now = WallClockSeconds()}), place);
}

}  // namespace

Outcome ReportCommand(const Arguments& arguments) {
  CommandLine line(
      "report",
      "Writes what runs did as one HTML page that needs nothing else: curves, what they mean, samples, configuration, "
      "the command to repeat a run. Made of the log alone, of a run that trains or one that is over; several runs are "
      "compared.",
      "cllm report runs/book-1\n  cllm report runs/book-1 runs/book-2 -o both.html\n  cllm report runs/book-1 --csv "
      "-o book-1.csv\n  cllm report runs/book-1 --svg loss --log-x -o loss.svg");
  ReportFlags flags;
  std::string charts;
  for (const report::ChartKind& kind : report::ChartKinds())
    charts += (charts.empty() ? "" : ", ") + std::string(kind.name);
  line.AddRequiredTexts("RUN", flags.runs, "run directories, logs, or directories with runs");
  line.AddText("-o,--out FILE", flags.out,
               "where to write; - for standard output [report.html, in the run if it is one]");
  line.AddFlag("--csv", flags.csv, "the numbers of a run instead, a row a step");
  line.AddTexts("--columns NAME", flags.columns, "which of them, one after the other [all]");
  line.AddText("--svg CHART", flags.svg, "one picture instead: " + charts);
  line.AddText("--x AXIS", flags.axis, "what curves are drawn over: step, tokens, seconds or time [step]");
  line.AddFlag("--log-x", flags.log_x, "that axis logarithmic");
  line.AddFlag("--log-y", flags.log_y, "the other axis logarithmic");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (!AxisNamed(flags.axis)) {
    return Usage(fmt::format("--x is '{}', expected step, tokens, seconds or time", flags.axis));
  }
  if (flags.csv && !flags.svg.empty()) return Usage("--csv and --svg are both named, expected one of them");
  if (!flags.columns.empty() && !flags.csv) return Usage("--columns is named without --csv, which it belongs to");
  const HistoryOptions options{.cache = DefaultCacheDirectory()};
  CLLM_ASSIGN(const std::vector<report::ReportedRun> runs,
              report::ReadReportedRuns(flags.runs, options, WallClockSeconds()));
  return WriteWanted(flags, runs);
}

}  // namespace cllm
