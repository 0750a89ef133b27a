#pragma once

#include "app/command.h"

namespace cllm {

// `cllm bench scaling`: one training on several numbers of threads, as a report.
Outcome BenchScaling(const Arguments& arguments);

}  // namespace cllm
