#include "app/command_line.h"

#include <fmt/format.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "app/suggestion.h"
#include "app/wrap.h"
#include "base/system.h"
#include "run/run_config.h"
#include "run/run_options.h"

namespace cllm {
namespace {

std::string EnvironmentName(std::string_view option) {
  std::string name = "CLLM_";
  for (const char c : option) name += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return name;
}

std::string HelpOf(const OptionSpec& spec) {
  std::string text(spec.help);
  if (!spec.initial.empty()) text += fmt::format(" [{}]", spec.initial);
  if (!spec.repeats) text += fmt::format(" (env {})", EnvironmentName(spec.name));
  return text;
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

struct CommandLine::RunFlag {
  const OptionSpec* spec;
  std::vector<std::string> values;
};

CommandLine::CommandLine(std::string name, std::string summary, std::string example)
    : app_(std::make_unique<CLI::App>(std::move(summary), "cllm " + std::move(name))) {
  app_->footer("Example:\n  " + std::move(example));
  app_->get_formatter()->column_width(34);
}

CommandLine::~CommandLine() = default;

Result<Storage> WeightsFlag(const std::string& word) {
  Result<Storage> storage = StorageNamed(word);
  if (storage.ok()) return storage;
  return Usage("--" + storage.status().message());
}

void CommandLine::AddText(const std::string& name, std::string& target, const std::string& help) {
  app_->add_option(name, target, help);
}

void CommandLine::AddRequiredText(const std::string& name, std::string& target, const std::string& help) {
  app_->add_option(name, target, help)->required();
}

void CommandLine::AddTexts(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  CLI::Option* option = app_->add_option(name, target, help);
  if (name.starts_with('-')) option->expected(1)->take_all();
}

void CommandLine::AddRequiredTexts(const std::string& name, std::vector<std::string>& target,
                                   const std::string& help) {
  app_->add_option(name, target, help)->required();
}

void CommandLine::AddWhole(const std::string& name, uint64_t& target, uint64_t low, uint64_t high,
                           const std::string& help) {
  app_->add_option(name, target, help)->check(CLI::Range(low, high));
}

void CommandLine::AddReal(const std::string& name, double& target, double low, double high, const std::string& help) {
  app_->add_option(name, target, help)->check(CLI::Range(low, high));
}

void CommandLine::AddFlag(const std::string& name, bool& target, const std::string& help) {
  app_->add_flag(name, target, help);
}

void CommandLine::AddRunOptions(const std::vector<std::string>& only, const std::map<std::string, std::string>& help) {
  if (only.empty()) {
    app_->add_option("--config", config_path_, "a file of options (TOML), such as a run's config.toml")
        ->type_name("FILE");
  }
  for (const OptionSpec& spec : RunOptions()) {
    if (!only.empty() && std::find(only.begin(), only.end(), spec.name) == only.end()) continue;
    flags_.push_back(std::make_unique<RunFlag>(RunFlag{&spec, {}}));
    // The text is what the command is about: it needs no flag.
    const std::string flag = (spec.name == "text" ? "" : "--") + std::string(spec.name);
    const auto other = help.find(std::string(spec.name));
    CLI::Option* option = app_->add_option(flag, flags_.back()->values, other == help.end() ? HelpOf(spec) : other->second);
    option->type_name(std::string(spec.value));
    if (spec.flag) {
      option->expected(0, 1)->default_str("true")->take_all();
    } else if (spec.name != "text") {
      option->expected(1)->take_all();
    }
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

// For the first unknown option among the arguments: "; did you mean --x instead of --y?", or "" if none is near.
std::string CommandLine::SuggestionFor(const std::vector<std::string>& arguments) const {
  std::vector<std::string> names;
  for (const CLI::Option* option : app_->get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  for (const std::string& argument : arguments) {
    const std::string name = argument.substr(0, argument.find('='));
    if (name == "--") break;
    if (name.starts_with("--") && app_->get_option_no_throw(name) == nullptr) {
      const std::string nearest = Nearest(name, names);
      return nearest.empty() ? "" : fmt::format("; did you mean {} instead of {}?", nearest, name);
    }
  }
  return "";
}

Status CommandLine::Parse(const std::vector<std::string>& arguments) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app_->parse(reversed);
  } catch (const CLI::CallForHelp&) {
    std::cout << WrapPage(app_->help(), TerminalColumns(STDOUT_FILENO));
    help_shown_ = true;
  } catch (const CLI::ParseError& error) {
    return Usage(fmt::format("{}; see `{} --help`{}", error.what(), app_->get_name(), SuggestionFor(arguments)));
  }
  for (const auto& flag : flags_) {
    if (!flag->spec->repeats && flag->values.size() > 1) {
      return Usage(fmt::format("--{} is given {} times, expected once", flag->spec->name, flag->values.size()));
    }
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
  for (const auto& flag : flags_) {
    if (flag->spec->repeats) continue;
    const std::string name = EnvironmentName(flag->spec->name);
    const std::optional<std::string> value = EnvironmentVariable(name);
    if (!value) continue;
    if (const Status status = environment.Set(*flag->spec, {*value}, choices); !status.ok()) {
      return Usage(fmt::format("{} (from the environment variable {})", status.message(), name));
    }
  }
  bool time = false, steps = false;
  for (const auto& flag : flags_) {
    time |= flag->spec->name == "time" && !flag->values.empty();
    steps |= flag->spec->name == "steps" && !flag->values.empty();
    CLLM_TRY(command.Set(*flag->spec, flag->values, choices));
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
  return std::any_of(flags_.begin(), flags_.end(),
                     [&](const auto& flag) { return flag->spec->name == name && !flag->values.empty(); });
}

}  // namespace cllm
