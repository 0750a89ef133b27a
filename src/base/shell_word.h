#pragma once

#include <string>

namespace cllm {

// A word as a shell reads it back, for every command that is printed: as it is where it is plain, in single quotes, or
// in $'...' where it holds control characters. A word that begins with a dash gets "./" in front, so that no program
// takes the file for an option.
std::string QuotedForShell(const std::string& word);

}  // namespace cllm
