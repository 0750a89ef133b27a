#pragma once

#include <string>

namespace cllm {

// Control bytes other than newline and tab, and invalid UTF-8, made visible, so that no text of a model can upset a
// terminal.
std::string ForTerminal(const std::string& text);

// The program as it was called, for commands that the user may copy: "./cllm", else "cllm".
std::string ProgramName();

}  // namespace cllm
