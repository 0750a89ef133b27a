#include "run/run_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/file.h"
#include "base/path.h"
#include "base/units.h"
#include "corpus/named_path.h"
#include "corpus/utf8_counter.h"
#include "run/run_options.h"
#include "store/run_directory.h"
#include "text/tokenizer_trainer.h"

namespace cllm {
namespace {

constexpr size_t kMostDigits = 4;  // of a format number

// "" if it is gone, or its name cannot stand in a configuration.
std::string WorkingDirectory() {
  std::error_code error;
  const std::string directory = std::filesystem::current_path(error).string();
  Utf8Counter counter;
  counter.Add(directory);
  counter.EndDocument();
  return error || counter.invalid_bytes() != 0 ? "" : directory;
}

Result<uint64_t> ReadFormat(const ConfigEntry& entry, const std::string& label) {
  const uint64_t newest = entry.key == "format" ? kRunFormat : kNumerics;
  const Result<uint64_t> number = ParseCount(entry.value);
  if (number.ok() && entry.value.size() <= kMostDigits && *number <= newest) return *number;
  return BadInput(fmt::format("{}, line {}: {} is {}, expected at most {}; a newer program wrote it", label, entry.line,
                              entry.key, entry.value, newest));
}

constexpr const char* kPace = "pace";

// "120:0.25", a breakpoint.
Status AddBreakpoint(const ConfigEntry& entry, const std::string& label, RunChoices& choices) {
  const size_t colon = entry.value.find(':');
  const Result<uint64_t> step = ParseCount(entry.value.substr(0, colon));
  const Result<double> fraction = ParseReal(colon == std::string::npos ? "" : entry.value.substr(colon + 1));
  if (!step.ok() || !fraction.ok()) {
    return BadInput(fmt::format("{}, line {}: `pace` has '{}', expected a step and a fraction like 120:0.25", label,
                                entry.line, entry.value));
  }
  choices.pace.push_back({*step, *fraction});
  return {};
}

Status ApplyPace(const std::vector<ConfigEntry>& entries, const std::string& label, RunChoices& choices) {
  for (const ConfigEntry& entry : entries) {
    if (entry.key == kPace) CLLM_TRY(AddBreakpoint(entry, label, choices));
  }
  const Status sound = Schedule::FromPace(choices.pace, choices.warmup).status();
  return sound.ok() ? sound : BadInput(fmt::format("{}: {}", label, sound.message()));
}

Status Apply(const ConfigEntry& entry, const std::string& label, RunChoices& choices) {
  const auto options = RunOptions();
  const auto option = std::find_if(options.begin(), options.end(), [&](const auto& o) { return o.name == entry.key; });
  if (option == options.end()) {
    return BadInput(fmt::format("{}, line {}: unknown key '{}', expected an option of `cllm train --help` without its "
                                "dashes",
                                label, entry.line, entry.key));
  }
  const Status status = option->set(choices, entry.value);
  if (status.ok()) return {};
  return BadInput(fmt::format("{}, line {}: {}", label, entry.line, status.message()));
}

}  // namespace

std::vector<ConfigEntry> ToEntries(const RunChoices& choices) {
  std::vector<ConfigEntry> entries = {
      {.key = "format", .value = std::to_string(kRunFormat), .kind = ConfigKind::kBare},
      {.key = "numerics", .value = std::to_string(kNumerics), .kind = ConfigKind::kBare}};
  for (const OptionSpec& option : RunOptions()) {
    for (std::string& value : option.get(choices)) {
      entries.push_back({.key = std::string(option.name),
                         .value = std::move(value),
                         .kind = option.bare ? ConfigKind::kBare : ConfigKind::kText});
    }
  }
  for (const auto& [step, fraction] : choices.pace) {
    entries.push_back({.key = kPace, .value = fmt::format("{}:{}", step, fraction), .kind = ConfigKind::kText});
  }
  return entries;
}

Status ApplyEntries(const std::vector<ConfigEntry>& entries, const std::string& label, RunChoices& choices) {
  for (const ConfigEntry& entry : entries) {
    if (entry.key == kPace) continue;
    if (entry.key != "format" && entry.key != "numerics") {
      CLLM_TRY(Apply(entry, label, choices));
      continue;
    }
    CLLM_ASSIGN(const uint64_t number, ReadFormat(entry, label));
    if (entry.key == "numerics") choices.numerics = number;
  }
  // After `time` and `steps`, wherever those stand: naming them drops a pace.
  return ApplyPace(entries, label, choices);
}

RunChoices WithRecordedPaths(RunChoices choices) {
  const std::string directory = WorkingDirectory();
  const auto record = [&](std::string& path) {
    if (!path.empty()) path = RecordedPath(path, directory);
  };
  for (std::string& path : choices.text) record(path);
  for (std::string& path : choices.validation) record(path);
  if (!IsTokenizerSpec(choices.tokenizer)) record(choices.tokenizer);
  record(choices.from);
  return choices;
}

RunChoices AsNamedHere(RunChoices choices) {
  const std::string directory = WorkingDirectory();
  for (std::string& path : choices.text) path = PathAsNamedIn(directory, path);
  for (std::string& path : choices.validation) path = PathAsNamedIn(directory, path);
  return choices;
}

Status RecordText(FileSystem& files, const std::string& run, const RunChoices& choices) {
  const std::string path = RunPaths{run}.config();
  CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ReadConfig(path));
  std::vector<ConfigEntry> written;
  for (const ConfigEntry& entry : entries) {
    if (entry.key != "text" && entry.key != "val") written.push_back(entry);
  }
  RunChoices texts;
  texts.text = choices.text, texts.validation = choices.validation;
  for (ConfigEntry& entry : ToEntries(texts)) {
    if (entry.key == "text" || entry.key == "val") written.push_back(std::move(entry));
  }
  return AtomicWriteFile(files, path, AsBytes(WriteConfig(written)));
}

Result<RunChoices> ReadRunChoices(const std::string& run) {
  CLLM_TRY(CheckRunDirectory(run));
  const std::string path = RunPaths{run}.config();
  CLLM_ASSIGN(const std::vector<ConfigEntry> entries, ReadConfig(path));
  RunChoices choices;
  CLLM_TRY(ApplyEntries(entries, path, choices));
  return choices;
}

Result<RunChoices> ChoicesBehind(const std::string& model) {
  const std::string directory = PathExists(model) ? model : model.substr(0, model.rfind('@'));
  std::error_code error;
  const std::string resolved = std::filesystem::canonical(directory, error).string();
  if (error) return RunChoices();
  for (const std::string& run : {resolved, ParentPath(ParentPath(resolved))}) {
    if (CheckRunDirectory(run).ok() && PathExists(RunPaths{run}.tokenizer())) return ReadRunChoices(run);
  }
  return RunChoices();
}

}  // namespace cllm
