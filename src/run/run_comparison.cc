#include "run/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/units.h"
#include "run/run_config.h"
#include "run/run_options.h"

namespace cllm {
namespace {

bool AllEqual(const std::vector<std::string>& values) {
  return std::all_of(values.begin(), values.end(), [&](const std::string& value) { return value == values.front(); });
}

std::vector<RunDifference> ConfigurationOf(const std::vector<RunRecord>& runs) {
  std::vector<RunDifference> differences;
  for (const OptionSpec& option : RunOptions()) {
    RunDifference difference{std::string(option.name), {}};
    for (const RunRecord& run : runs) {
      difference.values.push_back(fmt::format("{}", fmt::join(option.get(AsNamedHere(run.choices)), ", ")));
    }
    if (!AllEqual(difference.values)) differences.push_back(std::move(difference));
  }
  return differences;
}

template <typename Value>
RunDifference OneResult(const char* name, const std::vector<RunRecord>& runs, Value value) {
  RunDifference line{name, {}};
  for (const RunRecord& run : runs) line.values.push_back(value(run));
  return line;
}

std::vector<RunDifference> ResultsOf(const std::vector<RunRecord>& runs) {
  const auto score = [](const char* format, double RunScore::*member) {
    return [=](const RunRecord& run) {
      if (!run.score) return std::string();
      return fmt::format(fmt::runtime(format), (*run.score).*member) + (run.score->whole ? "" : " (of a sample)");
    };
  };
  return {
      OneResult("state", runs, [](const RunRecord& run) { return std::string(NameOf(run.condition)); }),
      OneResult("steps", runs, [](const RunRecord& run) { return run.Steps(); }),
      OneResult("tokens", runs, [](const RunRecord& run) { return FormatCount(run.tokens); }),
      OneResult("parameters", runs, [](const RunRecord& run) { return FormatCount(run.parameters); }),
      OneResult("bits per byte", runs, score("{:.4f}", &RunScore::bits_per_byte)),
      OneResult("nats per token", runs, score("{:.4f}", &RunScore::nats)),
      OneResult("best step", runs,
             [](const RunRecord& run) { return run.score ? fmt::format("{}", run.score->step) : std::string(); }),
      OneResult("training", runs, [](const RunRecord& run) { return FormatDuration(run.seconds); }),
      OneResult("disk", runs, [](const RunRecord& run) { return FormatBytes(run.disk_bytes); }),
  };
}

bool Same(const std::vector<RunRecord>& runs, std::string RunRecord::*member) {
  return std::all_of(runs.begin(), runs.end(), [&](const RunRecord& run) {
    return !(run.*member).empty() && run.*member == runs.front().*member;
  });
}

}  // namespace

RunComparison Compare(const std::vector<RunRecord>& runs) {
  CHECK(runs.size() >= 2);
  return {.same_text = Same(runs, &RunRecord::corpus_hash),
          .same_weights = Same(runs, &RunRecord::weights_hash),
          .configuration = ConfigurationOf(runs),
          .results = ResultsOf(runs)};
}

}  // namespace cllm
