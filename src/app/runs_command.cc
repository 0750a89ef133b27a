#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "app/arguments/command_line.h"
#include "app/arguments/suggestion.h"
#include "app/command.h"
#include "app/command_table.h"
#include "app/messages.h"
#include "base/file.h"
#include "base/units.h"
#include "corpus/cache_directory.h"
#include "data/token_cache.h"
#include "run/run_comparison.h"
#include "run/run_record.h"
#include "run/run_removal.h"
#include "store/json.h"
#include "terminal/fitted_table.h"
#include "terminal/terminal_text.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

std::string LocalTime(int64_t seconds) {
  const std::time_t when = static_cast<std::time_t>(seconds);
  std::tm local{};
  localtime_r(&when, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

// On a terminal in its columns, else whole.
void PrintTable(TableRows rows, const std::vector<ColumnRule>& rules) {
  for (auto& row : rows) {
    for (std::string& cell : row) cell = ForTerminal(cell);
  }
  std::cout << FitTable(rows, rules, TerminalColumns(STDOUT_FILENO));
}

// A sentence below a table.
void PrintLine(const std::string& text) {
  std::cout << Wrap(ForTerminal(text), TerminalColumns(STDOUT_FILENO), 2) << "\n";
}

// Of a sample: "~1.8423".
std::string ScoreText(const RunRecord& run) {
  if (!run.score) return "-";
  return fmt::format("{}{:.4f}", run.score->whole ? "" : "~", run.score->bits_per_byte);
}

std::string ConditionText(const RunRecord& run) {
  const bool brief = !run.reason.empty() && run.condition != RunCondition::kDamaged;
  return brief ? fmt::format("{} ({})", NameOf(run.condition), run.reason) : NameOf(run.condition);
}

JsonFields ToJson(const RunRecord& run) {
  JsonArray text;
  for (const std::string& path : run.choices.text) text.emplace_back(path);
  JsonFields fields = {{"run", run.path},
                       {"text", text},
                       {"state", NameOf(run.condition)},
                       {"reason", run.reason},
                       {"parameters", run.parameters},
                       {"tokenizer", run.tokenizer},
                       {"step", run.step},
                       {"steps", run.time_left_s ? JsonValue() : run.planned},
                       {"seconds_left", run.time_left_s ? *run.time_left_s : JsonValue()},
                       {"tokens", run.tokens},
                       {"training_seconds", run.seconds},
                       {"changed", run.changed},
                       {"disk_bytes", run.disk_bytes},
                       {"corpus_hash", run.corpus_hash},
                       {"weights_hash", run.weights_hash}};
  if (run.score) {
    fields.push_back({"bits_per_byte", run.score->bits_per_byte});
    fields.push_back({"nats_per_token", run.score->nats});
    fields.push_back({"best_step", run.score->step});
    fields.push_back({"whole", run.score->whole});
  }
  return fields;
}

TableRows RunRows(const std::vector<RunRecord>& runs) {
  TableRows rows = {{"run", "text", "parameters", "steps", "bits/byte", "saved", "state", "disk"}};
  for (const RunRecord& run : runs) {
    const std::string steps = run.time_left_s ? run.Steps() : fmt::format("{}/{}", run.step, run.planned);
    rows.push_back({run.path, run.Text(), FormatShortCount(run.parameters), steps, ScoreText(run),
                    LocalTime(run.changed), ConditionText(run), FormatBytes(run.disk_bytes)});
  }
  return rows;
}

// The same where that is too wide: days without the time, conditions without a reason, steps once where they are all.
TableRows BriefRunRows(const std::vector<RunRecord>& runs) {
  constexpr size_t kSteps = 3, kSaved = 5, kCondition = 6, kDayBytes = 10;
  TableRows rows = RunRows(runs);
  for (size_t i = 0; i < runs.size(); ++i) {
    std::vector<std::string>& row = rows[i + 1];
    row[kSaved].resize(kDayBytes);
    row[kCondition] = NameOf(runs[i].condition);
    if (runs[i].step == runs[i].planned || runs[i].time_left_s) row[kSteps] = fmt::format("{}", runs[i].step);
  }
  return rows;
}

void PrintRuns(const std::vector<RunRecord>& runs) {
  const size_t width = TerminalColumns(STDOUT_FILENO);
  TableRows rows = RunRows(runs);
  if (width != 0 && TableWidth(rows) > width) rows = BriefRunRows(runs);
  PrintTable(std::move(rows), {{.least = 8}, {.least = 8, .drop = 4}, {.drop = 2}, {.drop = 5}, {}, {.drop = 3},
                               {.drop = 6}, {.drop = 1}});
  uint64_t bytes = 0;
  bool samples = false;
  for (const RunRecord& run : runs) {
    bytes += run.disk_bytes;
    samples |= run.score && !run.score->whole;
  }
  if (samples) PrintLine("~ over a sample of the validation part");
  for (const RunRecord& run : runs) {
    if (run.condition == RunCondition::kDamaged) PrintLine(run.path + ": " + run.reason);
  }
  PrintLine(fmt::format("{} run{}, {} on disk", runs.size(), runs.size() == 1 ? "" : "s", FormatBytes(bytes)));
}

Outcome ListCommand(const Arguments& arguments) {
  CommandLine line("runs", "Lists the runs in a directory and two levels of folders below it.\n"
                           "Also: cllm runs compare A B, cllm runs rm RUN, cllm runs cache; each has its own --help.",
                   "cllm runs\n  cllm runs compare runs/book-1 runs/book-2\n  cllm runs rm runs/book-1\n"
                   "  cllm runs cache --clean");
  std::string directory = ".";
  bool json = false;
  line.AddText("DIR", directory, "where to look [the working directory]");
  line.AddFlag("--json", json, "machine output");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (!PathExists(directory)) {
    const std::string nearest = Nearest(directory, {"list", "compare", "rm", "cache"});
    if (!nearest.empty()) {
      return Usage(fmt::format("{}: expected a directory, found nothing there; did you mean `cllm runs {}`?", directory,
                               nearest));
    }
  }
  CLLM_ASSIGN(const std::vector<RunRecord> runs, FindRuns(directory));
  if (json) {
    JsonArray all;
    for (const RunRecord& run : runs) all.push_back(ToJson(run));
    std::cout << WriteJson({{"runs", all}}) << "\n";
  } else if (runs.empty()) {
    PrintLine("no runs in " + directory);
  } else {
    PrintRuns(runs);
  }
  return {};
}

JsonArray ToJson(const std::vector<RunDifference>& differences) {
  JsonArray all;
  for (const RunDifference& difference : differences) {
    JsonArray values;
    for (const std::string& value : difference.values) values.emplace_back(value);
    all.push_back(JsonFields{{"name", difference.name}, {"values", values}});
  }
  return all;
}

void PrintComparison(const std::vector<RunRecord>& runs, const RunComparison& comparison) {
  TableRows rows = {{"run"}};
  for (const RunRecord& run : runs) rows[0].push_back(run.path);
  const auto add = [&](const std::string& title, const std::vector<RunDifference>& lines) {
    rows.push_back(std::vector<std::string>(runs.size() + 1));
    rows.back()[0] = title;
    for (const RunDifference& difference : lines) {
      rows.push_back({"  " + difference.name});
      for (const std::string& value : difference.values) rows.back().push_back(value.empty() ? "-" : value);
    }
  };
  add(comparison.configuration.empty() ? "configuration: the same" : "configuration, where it differs",
      comparison.configuration);
  add("results", comparison.results);
  std::vector<ColumnRule> rules(runs.size() + 1, {.least = 8});
  rules[0] = {.least = 16};
  PrintTable(std::move(rows), rules);
  PrintLine(comparison.same_text ? "the same text, to the last byte"
                                 : "different texts: their losses cannot be compared");
  if (comparison.same_weights) PrintLine("the same weights, to the last bit");
}

Outcome CompareCommand(const Arguments& arguments) {
  CommandLine line("runs compare", "Shows what differs between runs: in their configuration and in what came of them.",
                   "cllm runs compare runs/book-1 runs/book-2");
  std::vector<std::string> paths;
  bool json = false;
  line.AddRequiredTexts("RUN", paths, "two runs or more");
  line.AddFlag("--json", json, "machine output");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  if (paths.size() < 2) return Usage("one run is named, expected two or more to compare");
  std::vector<RunRecord> runs;
  for (const std::string& path : paths) {
    CLLM_ASSIGN(RunRecord run, ReadRunRecord(path));
    runs.push_back(std::move(run));
  }
  const RunComparison comparison = Compare(runs);
  if (!json) {
    PrintComparison(runs, comparison);
    return {};
  }
  JsonArray all;
  for (const RunRecord& run : runs) all.push_back(ToJson(run));
  std::cout << WriteJson({{"runs", all},
                          {"same_text", comparison.same_text},
                          {"same_weights", comparison.same_weights},
                          {"configuration", ToJson(comparison.configuration)},
                          {"results", ToJson(comparison.results)}})
            << "\n";
  return {};
}

// Asks on standard error and reads a line of standard input. Error (Usage): there is none.
Result<bool> Confirmed(const std::string& question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  if (!std::getline(std::cin, answer)) {
    std::cerr << "\n";
    return Usage("no answer on standard input; nothing is removed: --yes removes without a question");
  }
  return answer == "y" || answer == "Y" || answer == "yes";
}

Outcome RemoveCommand(const Arguments& arguments) {
  CommandLine line("runs rm",
                   "Removes runs, after a question. Nothing but what a run wrote goes; one that is written is "
                   "refused.",
                   "cllm runs rm runs/book-1");
  std::vector<std::string> paths;
  bool yes = false;
  line.AddRequiredTexts("RUN", paths, "run directories");
  line.AddFlag("-y,--yes", yes, "do not ask");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  CLLM_ASSIGN(const std::vector<RunRecord> runs, RunsToRemove(paths));
  if (!yes) {
    PrintRuns(runs);
    std::cout.flush();
    CLLM_ASSIGN(const bool confirmed,
                Confirmed(runs.size() == 1 ? fmt::format("remove {}?", ForTerminal(runs[0].path))
                                           : fmt::format("remove these {} runs?", runs.size())));
    if (!confirmed) {
      PrintMessage("nothing is removed");
      return {};
    }
  }
  PosixFileSystem files;
  for (const RunRecord& run : runs) {
    CLLM_ASSIGN(const RemovedRun removed, RemoveRun(files, run));
    PrintMessage(fmt::format("removed {} ({}){}", run.path, FormatBytes(removed.bytes),
                             removed.others.empty() ? ""
                                                    : fmt::format("; its directory stays, with {} that no run wrote",
                                                                  fmt::join(removed.others, ", "))));
  }
  return {};
}

void PrintCache(const std::string& directory, const std::vector<CacheEntry>& entries, uint64_t limit) {
  uint64_t bytes = 0;
  size_t indexes = 0;
  TableRows rows;
  for (const CacheEntry& entry : entries) {
    bytes += entry.bytes;
    const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
    if (name.starts_with("history-")) ++indexes;
    rows.push_back({name, FormatBytes(entry.bytes), LocalTime(entry.used),
                    entry.in_use ? "in use" : entry.unfinished ? "unfinished" : ""});
  }
  if (!rows.empty()) PrintTable(std::move(rows), {{.least = 8}, {}, {.drop = 1}, {.drop = 2}});
  const size_t texts = entries.size() - indexes;
  const std::string of_logs =
      indexes == 0 ? "" : fmt::format(", {} index{} of long logs", indexes, indexes == 1 ? "" : "es");
  PrintLine(fmt::format("{}: {} prepared text{}{}, {} of at most {} (CLLM_CACHE_LIMIT)", directory, texts,
                        texts == 1 ? "" : "s", of_logs, FormatBytes(bytes), FormatBytes(limit)));
}

JsonFields CacheJson(const std::string& directory, const std::vector<CacheEntry>& entries, uint64_t limit) {
  JsonArray all;
  for (const CacheEntry& entry : entries) {
    all.push_back(JsonFields{{"path", entry.path},
                             {"bytes", entry.bytes},
                             {"used", entry.used},
                             {"in_use", entry.in_use},
                             {"unfinished", entry.unfinished}});
  }
  return {{"directory", directory}, {"limit_bytes", limit}, {"entries", all}};
}

Outcome CacheCommand(const Arguments& arguments) {
  CommandLine line(
      "runs cache",
      "Shows the cache of prepared texts; --clean empties it. What it holds is made again when it is needed; "
      "beyond its limit what was not used for longest goes by itself.",
      "cllm runs cache --clean");
  bool clean = false, json = false;
  line.AddFlag("--clean", clean, "remove all that no process uses now");
  line.AddFlag("--json", json, "machine output");
  CLLM_TRY(line.Parse(arguments));
  if (line.help_shown()) return {};
  const std::string directory = DefaultCacheDirectory();
  if (directory.empty()) return Usage("there is no cache: neither CLLM_CACHE nor HOME is set");
  CLLM_ASSIGN(const uint64_t limit, CacheLimit(directory));
  uint64_t bytes = 0;
  size_t removed = 0;
  if (clean) {
    for (const CacheEntry& entry : ShrinkCache(directory, 0)) bytes += entry.bytes, ++removed;
  }
  const std::vector<CacheEntry> left = ListCache(directory);
  if (json) {
    JsonFields fields = CacheJson(directory, left, limit);
    if (clean) fields.push_back({"removed_bytes", bytes});
    std::cout << WriteJson(fields) << "\n";
    return {};
  }
  if (clean) {
    std::cout << fmt::format("removed {} file{}, {}\n", removed, removed == 1 ? "" : "s", FormatBytes(bytes));
  }
  PrintCache(directory, left, limit);
  return {};
}

constexpr Command kRunsCommands[] = {
    {"list", "list runs", ListCommand},
    {"compare", "what differs between runs", CompareCommand},
    {"rm", "remove runs", RemoveCommand},
    {"cache", "the cache of prepared texts", CacheCommand},
};

}  // namespace

std::span<const Command> RunsCommands() { return kRunsCommands; }

Outcome RunsCommand(const Arguments& arguments) {
  for (const Command& command : kRunsCommands) {
    if (arguments.words.empty() || command.name != arguments.words.front()) continue;
    return command.run({.words = {arguments.words.begin() + 1, arguments.words.end()}, .page = nullptr});
  }
  return ListCommand(arguments);
}

}  // namespace cllm
