#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace cllm {

// The text in lines of at most `width` columns, broken at spaces; a longer word has a line of its own. What stands in
// backquotes is one word, so that a command stays whole and can be copied. Every line but the first begins with
// `indent` spaces, and the first is taken to begin in that column already; lines of the text stay lines. width 0: no
// limit. Control bytes and what is not UTF-8, as in the name of a file, become U+FFFD, so that they do nothing to a
// terminal; without a limit they stay.
std::string Wrap(std::string_view text, size_t width, size_t indent);

// A page of help: each line apart, its indent kept. A line with two columns, "  --batch N      sequences a step", goes
// on below the second one, or where the page is too narrow for that, has it on lines below. The commands of an example
// (indented by two spaces, without a second column) stay whole. width 0: as it is.
std::string WrapPage(std::string_view page, size_t width);

// Columns of the terminal that a descriptor is; 0: it is none, or says nothing.
size_t TerminalColumns(int descriptor);

}  // namespace cllm
