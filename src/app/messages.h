#pragma once

#include <string>

// What commands that show no progress say on standard error; those that do have a ConsoleObserver for it.
namespace cllm {

// Lines for people, on a terminal wrapped at words to its window and without what could upset it.
void PrintMessage(const std::string& text);

// "note: ..."; options stand in backquotes in it (flag_names.h).
void PrintNote(const std::string& sentence);

}  // namespace cllm
