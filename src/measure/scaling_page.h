#pragma once

#include <string>

#include "measure/scaling_tables.h"

namespace cllm::measure {

// The result as one HTML page that needs nothing else: figures, drawings, every table and note; light or dark as the
// reader's system is. machine: what it was measured on, and when.
std::string ScalingPage(const ScalingResult& result, const Findings& findings, const std::string& machine);

}  // namespace cllm::measure
