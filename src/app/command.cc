#include "app/command.h"

#include <fmt/format.h>

#include "app/suggestion.h"

namespace cllm {

Outcome RunNamed(std::span<const Command> commands, std::string_view kind, std::string_view help,
                 const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (command.name == arguments.front()) return command.run({arguments.begin() + 1, arguments.end()});
    names.emplace_back(command.name);
  }
  const std::string nearest = Nearest(arguments.front(), names);
  return Usage(fmt::format("unknown {} '{}', expected one of those that `{}` lists{}", kind, arguments.front(), help,
                           nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

}  // namespace cllm
