#pragma once

#include <string>
#include <vector>

#include "app/arguments/arguments.h"

namespace cllm {

// docs/options.md: every command and option, in Markdown.
std::string OptionsPage(const std::vector<CommandPage>& pages);

// The same as cllm(1), in roff with the man macros.
std::string ManualPage(const std::vector<CommandPage>& pages);

}  // namespace cllm
