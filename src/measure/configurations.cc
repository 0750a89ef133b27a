#include "measure/configurations.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/units.h"
#include "run/run_options.h"
#include "run/run_plan.h"
#include "train/work_items.h"

namespace cllm::measure {
namespace {

constexpr size_t kSweepTokens = 2048;  // of a step
constexpr double kRate = 1e-3;         // no matter for what a step costs

Configuration Swept(std::string name, const ModelShape& model) {
  return {std::move(name), model, std::max<size_t>(1, kSweepTokens / model.context)};
}

const OptionSpec& Option(std::string_view name) {
  const auto options = RunOptions();
  const auto option = std::find_if(options.begin(), options.end(), [&](const auto& o) { return o.name == name; });
  CHECK(option != options.end());
  return *option;
}

std::vector<std::string> Words(std::string_view list, char separator) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(separator, begin), list.size());
    words.emplace_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::vector<Configuration> ParameterSweep() {
  // Named by their parameters, embedding included.
  struct Shape {
    const char* name;
    size_t layers, heads, width, hidden, vocabulary;
  };
  static constexpr Shape kShapes[] = {{"0.12M", 2, 2, 64, 176, 259},   {"0.4M", 3, 3, 96, 256, 1024},
                                      {"1.3M", 4, 4, 128, 344, 4096},  {"4.2M", 4, 4, 256, 688, 4096},
                                      {"12M", 6, 6, 384, 1024, 4096},  {"27M", 8, 8, 512, 1368, 4096},
                                      {"52M", 10, 10, 640, 1712, 4096}};
  std::vector<Configuration> configurations;
  for (const Shape& s : kShapes) {
    configurations.push_back(Swept(s.name, {s.layers, s.heads, s.width, s.hidden, 256, s.vocabulary}));
  }
  return configurations;
}

}  // namespace

const std::vector<Configuration>& Yardsticks() {
  static const std::vector<Configuration> yardsticks = {{"a", {4, 4, 128, 344, 64, 256}, 12},
                                                        {"b", {6, 6, 384, 1024, 256, 256}, 16},
                                                        {"c", {4, 4, 256, 688, 256, 4096}, 8}};
  return yardsticks;
}

Result<std::vector<Configuration>> FindConfigurations(std::string_view list) {
  CLLM_ASSIGN(const std::vector<std::string> names, SplitList("config", list));
  std::vector<Configuration> found;
  for (const std::string& name : names) {
    const auto& all = Yardsticks();
    const auto one = std::find_if(all.begin(), all.end(), [&](const auto& c) { return c.name == name; });
    if (one == all.end()) return Usage(fmt::format("--config is '{}', expected some of a, b and c, as in a,c", list));
    found.push_back(*one);
  }
  return found;
}

Result<std::vector<Configuration>> Sweep(std::string_view dimension) {
  if (dimension == "parameters") return ParameterSweep();
  const ModelShape base = Yardsticks().back().model;
  std::vector<Configuration> configurations;
  const auto add = [&](size_t value, const ModelShape& model) {
    configurations.push_back(Swept(std::to_string(value), model));
  };
  if (dimension == "context") {
    for (size_t context = 64; context <= 2048; context *= 2) {
      ModelShape model = base;
      model.context = context;
      add(context, model);
    }
  } else if (dimension == "vocabulary") {
    for (const size_t vocabulary : {259u, 512u, 1024u, 2048u, 4096u, 8192u, 16384u, 32768u}) {
      ModelShape model = base;
      model.vocabulary = vocabulary;
      add(vocabulary, model);
    }
  } else if (dimension == "width") {
    for (const size_t width : {64u, 128u, 256u, 512u, 1024u}) {
      add(width, {.layers = base.layers,
                  .heads = width / 64,
                  .width = width,
                  .hidden = (width * 8 / 3 + 7) / 8 * 8,
                  .context = base.context,
                  .vocabulary = base.vocabulary});
    }
  } else {
    return Usage(fmt::format("--sweep is '{}', expected context, vocabulary, width or parameters", dimension));
  }
  return configurations;
}

std::vector<std::string> Precisions() { return Words(Option("precision").value, '|'); }

Result<std::vector<std::string>> SplitList(std::string_view option, std::string_view list) {
  std::vector<std::string> words = Words(list, ',');
  if (std::find(words.begin(), words.end(), "") == words.end()) return words;
  return Usage(fmt::format("--{} is '{}', expected words separated by commas", option, list));
}

Result<std::vector<size_t>> SplitCounts(std::string_view option, std::string_view list, size_t most) {
  std::vector<size_t> counts;
  for (const std::string& word : Words(list, ',')) {
    const Result<uint64_t> count = ParseCount(word);
    if (!count.ok() || *count < 1 || *count > most) {
      return Usage(
          fmt::format("--{} is '{}', expected whole numbers from 1 to {}, separated by commas", option, list, most));
    }
    counts.push_back(static_cast<size_t>(*count));
  }
  return counts;
}

Result<StepOptions> StepOf(const Configuration& configuration, const StepChoice& choice) {
  RunChoices choices;
  CLLM_TRY(Option("precision").set(choices, choice.precision));
  CLLM_TRY(Option("optimizer").set(choices, choice.optimizer));
  choices.batch = configuration.batch;
  choices.item = choice.item.value_or(DefaultItemSequences(configuration.batch, configuration.model.context));
  choices.rate = kRate;
  choices.embedding_rate = kRate;
  choices.dropout = 0;
  CLLM_TRY(CheckChoices(choices));
  return StepOptionsOf(choices);
}

}  // namespace cllm::measure
