#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "run/run_choices.h"

namespace cllm {

// One option of a run: flag "--name", environment CLLM_NAME, key `name` of the configuration file.
struct OptionSpec {
  std::string_view name;     // "batch"; the environment variable is CLLM_BATCH, dashes become underscores
  std::string_view value;    // what follows the flag in help: "N", "RATE", "PATH"
  std::string_view initial;  // the default as shown in help
  std::string_view help;
  bool repeats = false;      // may be given several times
  // Parses and range-checks. Error (Usage): the option, what was found and what was expected, "`batch` is 'x', expected
  // a whole number from 1 to 65536".
  std::function<Status(RunChoices&, const std::string& text)> set;
  // The entries of the resolved configuration; none if unset.
  std::function<std::vector<std::string>(const RunChoices&)> get;
  bool bare = false;  // a number or boolean in TOML
  bool flag = false;  // alone it means true
  std::function<void(RunChoices&)> clear = {};  // empties an option that repeats
};

// The only table of its kind: command line, environment, files, help and completion are made from it. Immutable.
std::span<const OptionSpec> RunOptions();

// Every choice in its option's range, for choices that were not parsed. Error (Usage): as `set` gives it.
Status CheckRanges(const RunChoices& choices);

// The names of those that say how a text is read: what train, eval, tokenize and bench have in common.
std::span<const std::string_view> ReadingOptions();

// The option that chooses a dimension: "kv-heads" for kv_heads.
std::string OptionName(const Dimension& dimension);

}  // namespace cllm
