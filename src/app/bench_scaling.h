#pragma once

#include <string>
#include <vector>

#include "app/command.h"

namespace cllm {

// `cllm bench scaling`: one training on several numbers of threads, as a report.
Outcome BenchScaling(const std::vector<std::string>& arguments);

}  // namespace cllm
