#pragma once

#include <string>

// What commands that show no progress say on standard error; those that do have a ConsoleObserver for it.
namespace cllm {

// Lines for people, wrapped at words to the window if standard error is one. Nothing in them can upset a terminal.
void PrintMessage(const std::string& text);

// "note: ..."; options stand in backquotes in it (flag_names.h).
void PrintNote(const std::string& sentence);

}  // namespace cllm
