#pragma once

#include <string>
#include <string_view>

namespace cllm {

// A sentence of the rooms below, which name options in backquotes, for those who type flags: "`batch` is 'x'" reads
// "--batch is 'x'". Other words in backquotes stay as they are.
std::string WithFlags(std::string_view sentence);

}  // namespace cllm
