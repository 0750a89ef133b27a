#include "app/command.h"

#include <fmt/format.h>

#include "app/suggestion.h"

namespace cllm {

Status RunNamed(std::span<const Command> commands, std::string_view kind, std::string_view help,
                const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (command.name == arguments.front()) return command.run({arguments.begin() + 1, arguments.end()});
    names.emplace_back(command.name);
  }
  return Usage(fmt::format("unknown {} '{}', expected one of those that `{}` lists{}", kind, arguments.front(), help,
                           Suggestion(arguments.front(), names)));
}

}  // namespace cllm
