#pragma once

#include <string>
#include <string_view>

namespace cllm {

// A sentence of the rooms below, which name options and commands in backquotes, for those who type them: "`batch` is
// 'x'" reads "--batch is 'x'", and "`cllm runs`" names the program as it was started, "`./cllm runs`". Other words in
// backquotes stay as they are.
std::string WithFlags(std::string_view sentence);

}  // namespace cllm
