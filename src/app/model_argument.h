#pragma once

#include <string>

#include "app/arguments/command_line.h"
#include "run/open_model.h"

namespace cllm {

// The argument MODEL, needed, of every command that reads one.
void AddModelArgument(CommandLine& line, std::string& model);

// Opens it, and says on standard error what is different here from the program that wrote it.
Result<OpenedModel> OpenModelAloud(const std::string& model);

}  // namespace cllm
