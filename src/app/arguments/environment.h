#pragma once

#include <string>
#include <vector>

namespace cllm {

// A sentence for each variable of the environment that begins with CLLM_ and that no command reads, with the nearest
// name that one does.
std::vector<std::string> UnknownVariables();

// The same for given names; `known` are those that are read.
std::vector<std::string> UnknownAmong(const std::vector<std::string>& names, const std::vector<std::string>& known);

}  // namespace cllm
