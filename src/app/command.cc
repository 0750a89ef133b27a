#include "app/command.h"

#include <fmt/format.h>

#include "app/arguments/suggestion.h"

namespace cllm {

int ExitCode(Code code) {
  switch (code) {
    case Code::kOk: return 0;
    case Code::kFailed: return 1;
    case Code::kUsage: return 2;
    case Code::kBadInput: return 3;
    case Code::kNoResources: return 4;
    case Code::kDiverged: return 5;
  }
  return 1;
}

Outcome RunNamed(std::span<const Command> commands, std::string_view kind, std::string_view help,
                 const std::vector<std::string>& words) {
  std::vector<std::string> names;
  for (const Command& command : commands) {
    if (command.name == words.front()) return command.run({.words = {words.begin() + 1, words.end()}});
    names.emplace_back(command.name);
  }
  const std::string nearest = Nearest(words.front(), names);
  return Usage(fmt::format("unknown {} '{}', expected one of those that `{}` lists{}", kind, words.front(), help,
                           nearest.empty() ? "" : fmt::format("; did you mean {}?", nearest)));
}

}  // namespace cllm
