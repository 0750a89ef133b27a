#pragma once

#include <string>
#include <vector>

#include "report/reported_run.h"

// What a page of several runs says of them together.
namespace cllm::report {

// Which of them is the best, and a table of all, the best first.
std::string ComparisonPart(const std::vector<ReportedRun>& runs);

// In which options they differ; a sentence where that is not known.
std::string DifferencePart(const std::vector<ReportedRun>& runs);

}  // namespace cllm::report
