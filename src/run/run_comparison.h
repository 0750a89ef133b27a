#pragma once

#include <string>
#include <vector>

#include "run/run_record.h"

namespace cllm {

// A line of a comparison: what differs, and its value in each run ("" where it has none).
struct RunDifference {
  std::string name;
  std::vector<std::string> values;
};

// In what runs differ: in their configuration, option by option, and where they are.
struct RunComparison {
  bool same_text = false;     // the bytes that they train and validate on
  bool same_weights = false;  // of their newest checkpoints, to the last bit
  std::vector<RunDifference> configuration;  // options with different values only
  std::vector<RunDifference> results;        // all of them
};

// REQUIRES: two runs or more.
RunComparison Compare(const std::vector<RunRecord>& runs);

}  // namespace cllm
