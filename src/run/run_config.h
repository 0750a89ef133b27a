#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "run/run_choices.h"
#include "store/config_file.h"
#include "store/file_system.h"

// The configuration file of a run, RUN/config.toml: choices by the names of their options.
namespace cllm {

// Format number of config.toml.
inline constexpr uint64_t kRunFormat = 2;  // 1: without `pace`

// Choices as entries of the file, and back over what `choices` holds.
std::vector<ConfigEntry> ToEntries(const RunChoices& choices);
// Error: an unknown key, a value out of range; the text names `label` (the file) and the line.
Status ApplyEntries(const std::vector<ConfigEntry>& entries, const std::string& label, RunChoices& choices);

// Choices whose paths hold from anywhere: relative ones are recorded with the working directory (corpus/named_path.h).
RunChoices WithRecordedPaths(RunChoices choices);
// The texts of such choices by their names in the working directory, where they were named there.
RunChoices AsNamedHere(RunChoices choices);

// Writes where the text of a run lies now into its configuration; the rest stays as it is. REQUIRES: the paths hold
// from anywhere; the run's lock is held.
Status RecordText(FileSystem& files, const std::string& run, const RunChoices& choices);

// The choices of a run that exists. Error (BadInput): no run there, or as above.
Result<RunChoices> ReadRunChoices(const std::string& run);

// Those of the run that a MODEL (open_model.h) or the tokenizer of one belongs to: the run itself, or the one two
// levels above a checkpoint. The defaults where there is no run. Error (BadInput): as above.
Result<RunChoices> ChoicesBehind(const std::string& model);

}  // namespace cllm
