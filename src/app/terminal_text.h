#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cllm {

// Control bytes other than newline and tab, and invalid UTF-8, made visible, so that no text of a model can upset a
// terminal.
std::string ForTerminal(const std::string& text);

// The program as it was called, for commands that the user may copy: "./cllm", else "cllm".
std::string ProgramName();

// Characters of UTF-8, each taken for a column.
size_t Columns(std::string_view text);

// The text in lines of at most `width` columns, broken at spaces; a longer word has a line of its own. Every line but the
// first begins with `indent` spaces; the first is taken to begin in that column already. Newlines of the text stay.
std::string Wrap(std::string_view text, size_t width, size_t indent);

// Columns of the terminal on standard output; kPageWidth where it is none.
inline constexpr size_t kPageWidth = 100;
size_t TerminalWidth();

}  // namespace cllm
