#include "app/arguments/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "app/arguments/argument_words.h"
#include "app/arguments/help_text.h"
#include "app/arguments/suggestion.h"
#include "app/command.h"
#include "app/command_table.h"
#include "base/system.h"
#include "base/units.h"
#include "run/run_config.h"
#include "run/run_options.h"
#include "terminal/wrap.h"

namespace cllm {
namespace {

constexpr uint64_t kHighestPort = 65535;

// Takes the default off a help text: "new tokens at most [200]".
std::string TakeInitial(std::string& help) {
  const size_t open = help.ends_with(']') ? help.rfind(" [") : help.npos;
  if (open == help.npos) return "";
  std::string initial = help.substr(open + 2, help.size() - open - 3);
  help.resize(open);
  return initial;
}

Status OutOfRange(const std::string& name, const std::string& text, const std::string& expected) {
  return Usage(fmt::format("{} is '{}', expected {}", name, text, expected));
}

Status SetFlag(const std::string& name, const std::string& text, bool& target) {
  if (text != "true" && text != "false") return OutOfRange(name, text, "true or false");
  target = text == "true";
  return {};
}

// Values of one source for the options; a source that names --time but not --steps overrules lower sources' --steps,
// and the other way round.
class Source {
 public:
  Status Set(const OptionSpec& spec, const std::vector<std::string>& values, RunChoices& choices) {
    if (values.empty()) return {};
    if (spec.name == "time") choices.steps.reset();
    if (spec.name == "steps" && !time_set_) choices.time_s.reset();
    time_set_ |= spec.name == "time";
    if (spec.repeats) spec.clear(choices);
    for (const std::string& value : values) CLLM_TRY(spec.set(choices, value));
    return {};
  }

 private:
  bool time_set_ = false;  // time stands before steps in the table
};

}  // namespace

std::string EnvironmentName(std::string_view option) {
  std::string name = "CLLM_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

Result<Storage> WeightsFlag(const std::string& word) {
  Result<Storage> storage = StorageNamed(word);
  if (storage.ok()) return storage;
  return Usage("--" + storage.status().message());
}

CommandLine::CommandLine(std::string name, std::string summary, const std::string& example) {
  page_.name = std::move(name);
  page_.summary = std::move(summary);
  for (size_t begin = 0; begin < example.size();) {
    const size_t end = std::min(example.find('\n', begin), example.size());
    const size_t start = example.find_first_not_of(' ', begin);
    page_.examples.push_back(example.substr(start, end - start));
    begin = end + 1;
  }
}

OptionRow CommandLine::Row(const std::string& name, const std::string& value, const std::string& help) const {
  const size_t space = name.find(' ');
  OptionRow row{.name = name.substr(0, space), .value = value, .help = help};
  if (space != name.npos) row.value = name.substr(space + 1);
  row.initial = TakeInitial(row.help);
  if (row.positional()) row.value.clear();
  return row;
}

void CommandLine::Add(OptionRow row, Bound bound) {
  page_.rows.push_back(std::move(row));
  bound_.push_back(std::move(bound));
}

void CommandLine::AddText(const std::string& name, std::string& target, const std::string& help) {
  Add(Row(name, "TEXT", help), {.set = [&target](const std::string& value) {
        target = value;
        return Status();
      }});
}

void CommandLine::AddRequiredText(const std::string& name, std::string& target, const std::string& help) {
  AddText(name, target, help);
  page_.rows.back().required = true;
}

void CommandLine::AddTexts(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  Add(Row(name, "TEXT", help), {.set = [&target](const std::string& value) {
        target.push_back(value);
        return Status();
      }});
  page_.rows.back().repeats = true;
}

void CommandLine::AddRequiredTexts(const std::string& name, std::vector<std::string>& target,
                                   const std::string& help) {
  AddTexts(name, target, help);
  page_.rows.back().required = true;
}

void CommandLine::AddWhole(const std::string& name, uint64_t& target, uint64_t low, uint64_t high,
                           const std::string& help) {
  OptionRow row = Row(name, "N", help);
  if (!page_.name.starts_with("bench ")) row.environment = EnvironmentName(row.Spoken().substr(2));
  Add(row, {.set = [&target, low, high, spoken = row.Spoken()](const std::string& text) {
        const Result<uint64_t> value = ParseCount(text);
        if (!value.ok() || *value < low || *value > high) {
          return OutOfRange(spoken, text, fmt::format("a whole number from {} to {}", low, high));
        }
        target = *value;
        return Status();
      }});
}

void CommandLine::AddPortOrAlone(const std::string& name, std::optional<uint64_t>& target, uint64_t alone,
                                 const std::string& help) {
  OptionRow row = Row(name, "PORT", help);
  row.may_stand_alone = true;
  row.environment = EnvironmentName(row.Spoken().substr(2));
  Add(row, {.set = [&target, alone, spoken = row.Spoken()](const std::string& text) {
        if (text == "true") {
          target = alone;
          return Status();
        }
        const Result<uint64_t> value = ParseCount(text);
        if (!value.ok() || *value > kHighestPort) {
          return OutOfRange(spoken, text,
                            fmt::format("a whole number from 0 to {}, as in {}=8000", kHighestPort, spoken));
        }
        target = *value;
        return Status();
      }});
}

void CommandLine::AddReal(const std::string& name, double& target, double low, double high, const std::string& help) {
  OptionRow row = Row(name, "X", help);
  if (!page_.name.starts_with("bench ")) row.environment = EnvironmentName(row.Spoken().substr(2));
  Add(row, {.set = [&target, low, high, spoken = row.Spoken()](const std::string& text) {
        const Result<double> value = ParseReal(text);
        if (!value.ok() || !(*value >= low && *value <= high)) {
          return OutOfRange(spoken, text, fmt::format("a number from {} to {}", low, high));
        }
        target = *value;
        return Status();
      }});
}

void CommandLine::AddFlag(const std::string& name, bool& target, const std::string& help) {
  const OptionRow row = Row(name, "", help);
  Add(row,
      {.set = [&target, spoken = row.Spoken()](const std::string& text) { return SetFlag(spoken, text, target); }});
}

void CommandLine::AddRunOptions(const std::vector<std::string>& only, const std::map<std::string, std::string>& help) {
  if (only.empty()) AddText("--config FILE", config_path_, "a file of options (TOML), such as a run's config.toml");
  for (const OptionSpec& spec : RunOptions()) {
    if (!only.empty() && std::find(only.begin(), only.end(), spec.name) == only.end()) continue;
    const auto other = help.find(std::string(spec.name));
    // The text is what the command is about: it needs no flag.
    OptionRow row = Row(spec.name == "text" ? "TEXT" : fmt::format("--{}", spec.name), std::string(spec.value),
                        std::string(other == help.end() ? spec.help : other->second));
    if (other == help.end() && !spec.initial.empty()) row.initial = spec.initial;
    if (!spec.repeats) row.environment = EnvironmentName(spec.name);
    row.repeats = spec.repeats;
    Add(std::move(row), {.set = {}, .spec = &spec});
  }
}

void CommandLine::AddReadingOptions(const std::string& initial) {
  std::vector<std::string> names;
  std::map<std::string, std::string> help;
  for (const OptionSpec& spec : RunOptions()) {
    if (std::find(ReadingOptions().begin(), ReadingOptions().end(), spec.name) == ReadingOptions().end()) continue;
    names.emplace_back(spec.name);
    help[names.back()] = fmt::format("{} [{}]", spec.help, initial);
  }
  AddRunOptions(names, help);
}

// An option of another command says whose it is; else the nearest of this one, if one is near.
Status CommandLine::Refuse(const std::string& word, bool option) const {
  const std::string see = fmt::format("see `cllm {} --help`", page_.name);
  if (!option) return Usage(fmt::format("'{}' is one argument too many; {}", word, see));
  const std::string refused = fmt::format("{} is no option of `cllm {}`", word, page_.name);
  std::vector<std::string> others, names;
  for (const CommandPage& page : Pages()) {
    for (const OptionRow& row : page.rows) {
      if (!row.positional() && std::ranges::count(NamesOf(row), word) > 0) others.push_back("`cllm " + page.name + "`");
    }
  }
  if (!others.empty()) return Usage(fmt::format("{} but of {}; {}", refused, fmt::join(others, ", "), see));
  for (const OptionRow& row : page_.rows) {
    if (!row.positional()) names.push_back(row.Spoken());
  }
  names.insert(names.end(), {"--help", "--version"});
  const std::string nearest = Nearest(word.starts_with("--") ? word : "-" + word, names);
  return Usage(nearest.empty() ? fmt::format("{}; {}", refused, see)
                               : fmt::format("{}; did you mean {}? ({})", refused, nearest, see));
}

Status CommandLine::Parse(const Arguments& arguments) {
  help_shown_ = arguments.page != nullptr;
  if (help_shown_) {
    *arguments.page = page_;
    return {};
  }
  UnknownWord unknown;
  CLLM_ASSIGN(ParsedWords parsed, ParseWords(page_.rows, arguments.words, unknown));
  if (!unknown.word.empty()) return Refuse(unknown.word, unknown.option);
  help_shown_ = parsed.help || parsed.version;
  if (help_shown_) {
    if (parsed.help) {
      PrintHelp(HelpText(page_));
    } else {
      std::cout << VersionText() << "\n";
    }
    return {};
  }
  for (size_t i = 0; i < bound_.size(); ++i) bound_[i].values = std::move(parsed.values[i]);
  return SetTargets();
}

Status CommandLine::SetTargets() {
  for (size_t i = 0; i < bound_.size(); ++i) {
    const OptionRow& row = page_.rows[i];
    Bound& bound = bound_[i];
    if (!row.repeats && !row.flag() && bound.values.size() > 1) {
      return Usage(fmt::format("{} is given {} times, expected once", row.Spoken(), bound.values.size()));
    }
    if (row.required && bound.values.empty()) {
      return Usage(fmt::format("{} is required; see `cllm {} --help`", row.Spoken(), page_.name));
    }
    if (bound.spec != nullptr) continue;
    for (const std::string& value : bound.values) CLLM_TRY(bound.set(value));
    if (!bound.values.empty() || row.environment.empty()) continue;
    const std::optional<std::string> value = EnvironmentVariable(row.environment);
    if (!value) continue;
    if (const Status status = bound.set(*value); !status.ok()) {
      return Usage(fmt::format("{} (from the environment variable {})", status.message(), row.environment));
    }
    bound.values.push_back(*value);
  }
  return {};
}

Status CommandLine::Apply(RunChoices& choices) const {
  Status of_file;
  if (!config_path_.empty()) {
    CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ReadConfig(config_path_));
    CLLM_TRY(ApplyEntries(entries, config_path_, choices));
    of_file = CheckChoices(choices);
  }
  Source environment, command;
  for (const Bound& flag : bound_) {
    if (flag.spec == nullptr || flag.spec->repeats) continue;
    const std::string name = EnvironmentName(flag.spec->name);
    const std::optional<std::string> value = EnvironmentVariable(name);
    if (!value) continue;
    if (const Status status = environment.Set(*flag.spec, {*value}, choices); !status.ok()) {
      return Usage(fmt::format("{} (from the environment variable {})", status.message(), name));
    }
  }
  bool time = false, steps = false;
  for (const Bound& flag : bound_) {
    if (flag.spec == nullptr) continue;
    time |= flag.spec->name == "time" && !flag.values.empty();
    steps |= flag.spec->name == "steps" && !flag.values.empty();
    CLLM_TRY(command.Set(*flag.spec, flag.values, choices));
  }
  if (time && steps) {
    return Usage("--time and --steps contradict each other; name one: so much time, or so many steps");
  }
  const Status status = CheckChoices(choices);
  // A contradiction of the file that no option has changed.
  if (!status.ok() && status.message() == of_file.message()) {
    return BadInput(fmt::format("{}: {}", config_path_, status.message()));
  }
  return status;
}

bool CommandLine::Given(const std::string& name) const {
  for (size_t i = 0; i < bound_.size(); ++i) {
    if (page_.rows[i].Spoken() == "--" + name) return !bound_[i].values.empty();
  }
  return false;
}

}  // namespace cllm
