#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/shape.h"
#include "train/step_options.h"

namespace cllm::measure {

// A model's shape and the sequences of a step: what is trained or run to be measured.
struct Configuration {
  std::string name;
  ModelShape model;
  size_t batch = 1;
};

// Configurations a, b and c, the yardsticks (design section 14).
const std::vector<Configuration>& Yardsticks();

// Those whose names `list` holds, separated by commas: "a,c". Usage names what is unknown.
Result<std::vector<Configuration>> FindConfigurations(std::string_view list);

// Configuration c with one dimension growing: "context", "vocabulary", "width" or "parameters" (layers, width and
// hidden width together). A step has 2,048 tokens, or one sequence where that is longer. Usage for another word.
Result<std::vector<Configuration>> Sweep(std::string_view dimension);

// Every precision that a run may have, as --precision lists them.
std::vector<std::string> Precisions();

// The words of "a,b,c". Usage, naming `option`, for an empty one.
Result<std::vector<std::string>> SplitList(std::string_view option, std::string_view list);
// The whole numbers from 1 to `most` of "1,2,63".
Result<std::vector<size_t>> SplitCounts(std::string_view option, std::string_view list, size_t most);

// The step that trains `configuration` as a user would name it, with rates and precision that are the same for all.
// Error: Usage for a precision or optimizer that the run's options do not take, or more sequences in an item than in a
// batch. item: sequences of an item; none: as planned.
struct StepChoice {
  std::string precision, optimizer;
  std::optional<size_t> item = {};
};
Result<StepOptions> StepOf(const Configuration& configuration, const StepChoice& choice);

}  // namespace cllm::measure
