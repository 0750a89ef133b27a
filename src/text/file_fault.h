#pragma once

#include <string>

#include "base/status.h"

namespace cllm {

// The fault of a file as an error that names it.
inline Status Fault(const std::string& file, const std::string& fault) { return BadInput(file + ": " + fault); }

}  // namespace cllm
